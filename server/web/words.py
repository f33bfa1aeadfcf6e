"""The sentences of the pages, French first. A language is a value: a sentence that is missing is a type error."""

from typing import Final

from msgspec import Struct


class Words(Struct, frozen=True, kw_only=True):
    """Every sentence of the pages where people sign in."""

    lang: str
    other_lang: str
    other_name: str
    sign_in: str
    enrol: str
    prove: str
    enrol_about: str
    prove_about: str
    plain_about: str
    broken_wish: str
    use_passkey: str
    passkey_hint: str
    use_psc: str
    by_typing: str
    login: str
    password: str
    digits: str
    digits_hint: str
    submit: str
    hello: str
    on: str
    on_about: str
    passkeys: str
    passkeys_about: str
    none_yet: str
    added: str
    used: str
    never_used: str
    passkey_name: str
    passkey_name_hint: str
    add: str
    remove: str
    remove_sure: str
    remove_yes: str
    sign_out: str
    no_script: str
    waiting: str
    refused: str
    busy: str
    no_passkey_here: str
    cancelled: str
    taken: str
    too_many: str
    unreachable: str
    over: str
    gone_on: str
    use: str
    psc_unknown: str
    psc_nowhere: str
    psc_profession: str
    psc_other: str
    psc_failed: str
    psc_away: str


FRENCH: Final = Words(
    lang="fr",
    other_lang="en",
    other_name="English",
    sign_in="Se connecter",
    enrol="Installer Colloque sur cet ordinateur",
    prove="Confirmer que c’est vous",
    enrol_about="Continuez seulement si vous venez de le demander dans Colloque, sur cet ordinateur. "
    "Il s’ouvrira en votre nom.",
    prove_about="Continuez seulement si vous venez de le demander dans Colloque, sur cet ordinateur.",
    plain_about="Pour voir vos clés d’accès, en ajouter ou en supprimer.",
    broken_wish="La demande de Colloque est arrivée incomplète. Recommencez depuis Colloque.",
    use_passkey="Utiliser une clé d’accès",
    passkey_hint="L’empreinte, le visage ou le code de cet ordinateur, de votre téléphone ou d’une clé de sécurité.",
    use_psc="Pro Santé Connect",
    by_typing="Avec mon mot de passe",
    login="Identifiant",
    password="Mot de passe",  # noqa: S106 - a label
    digits="Code à six chiffres",
    digits_hint="De votre application d’authentification.",
    submit="Se connecter",
    hello="Bonjour {name}",
    on="Continuer dans Colloque",
    on_about="Cette page vous ramène à Colloque sur cet ordinateur.",
    passkeys="Vos clés d’accès",
    passkeys_about="Une clé d’accès remplace le mot de passe et le code à six chiffres. "
    "Elle s’ouvre par l’empreinte, le visage ou le code de votre appareil.",
    none_yet="Aucune pour l’instant.",
    added="Ajoutée le {day}",
    used="utilisée le {day}",
    never_used="jamais utilisée",
    passkey_name="Nom de la nouvelle clé",
    passkey_name_hint="Par exemple : mon téléphone.",
    add="Ajouter une clé d’accès",
    remove="Supprimer",
    remove_sure="Elle ne vous connectera plus, sur aucun ordinateur.",
    remove_yes="Oui, la supprimer",
    sign_out="Se déconnecter de cette page",
    no_script="Cette page a besoin de JavaScript. Sans lui, connectez-vous dans Colloque avec votre mot de passe.",
    waiting="Un instant…",
    refused="Ce n’est pas le bon identifiant, le bon mot de passe, le bon code ou la bonne clé. Rien n’a changé ; "
    "réessayez.",
    busy="Trop d’essais. Attendez un peu, puis réessayez.",
    no_passkey_here="Ce navigateur ne connaît pas les clés d’accès. Utilisez votre mot de passe.",
    cancelled="Aucune clé n’a été montrée. Réessayez, ou utilisez votre mot de passe.",
    taken="Cet appareil porte déjà une de vos clés.",
    too_many="Vous avez déjà seize clés. Supprimez-en une d’abord.",
    unreachable="Le serveur ne répond pas. Rien n’est perdu ; réessayez.",
    over="Dix minutes ont passé. Connectez-vous de nouveau.",
    gone_on="C’est fait. Revenez à Colloque ; cette page peut être fermée.",
    use="Colloque n’est pas un dispositif médical certifié. Aucune homologation n’est revendiquée.",
    psc_unknown="Pro Santé Connect vous a reconnu, mais aucun compte d’ici ne porte votre numéro RPPS. "
    "Demandez à l’administrateur de votre cabinet.",
    psc_nowhere="Pro Santé Connect vous a reconnu, mais aucun de vos lieux d’exercice n’y porte le numéro FINESS ou "
    "SIRET d’un cabinet où vous exercez ici. Rien n’a changé ; demandez à l’administrateur de votre cabinet.",
    psc_profession="Pro Santé Connect vous a reconnu, mais vous y exercez une autre profession que celle de votre "
    "compte d’ici. Rien n’a changé ; demandez à l’administrateur de votre cabinet.",
    psc_other="Pro Santé Connect a reconnu une autre personne que celle de ce compte. Rien n’a changé.",
    psc_failed="La réponse de Pro Santé Connect n’est pas recevable. Rien n’a changé ; recommencez.",
    psc_away="Pro Santé Connect ne répond pas. Réessayez, ou utilisez un autre moyen.",
)

ENGLISH: Final = Words(
    lang="en",
    other_lang="fr",
    other_name="Français",
    sign_in="Sign in",
    enrol="Set up Colloque on this computer",
    prove="Confirm that it is you",
    enrol_about="Go on only if you have just asked for it in Colloque, on this computer. It will open in your name.",
    prove_about="Go on only if you have just asked for it in Colloque, on this computer.",
    plain_about="To see your passkeys, add one or remove one.",
    broken_wish="The request of Colloque arrived incomplete. Start again from Colloque.",
    use_passkey="Use a passkey",
    passkey_hint="The fingerprint, face or code of this computer, of your phone or of a security key.",
    use_psc="Pro Santé Connect",
    by_typing="With my password",
    login="Login",
    password="Password",  # noqa: S106 - a label
    digits="Six-digit code",
    digits_hint="From your authenticator.",
    submit="Sign in",
    hello="Hello {name}",
    on="Go on in Colloque",
    on_about="This page takes you back to Colloque on this computer.",
    passkeys="Your passkeys",
    passkeys_about="A passkey replaces the password and the six-digit code. "
    "The fingerprint, face or code of your device opens it.",
    none_yet="None yet.",
    added="Added on {day}",
    used="used on {day}",
    never_used="never used",
    passkey_name="Name of the new passkey",
    passkey_name_hint="For example: my phone.",
    add="Add a passkey",
    remove="Remove",
    remove_sure="It will sign you in no more, on no computer.",
    remove_yes="Yes, remove it",
    sign_out="Sign out of this page",
    no_script="This page needs JavaScript. Without it, sign in inside Colloque with your password.",
    waiting="One moment…",
    refused="This is not the right login, password, code or passkey. Nothing has changed; try again.",
    busy="Too many tries. Wait a little, then try again.",
    no_passkey_here="This browser does not know passkeys. Use your password.",
    cancelled="No passkey was shown. Try again, or use your password.",
    taken="This device already holds one of your passkeys.",
    too_many="You already have sixteen passkeys. Remove one first.",
    unreachable="The server does not answer. Nothing is lost; try again.",
    over="Ten minutes have passed. Sign in again.",
    gone_on="Done. Go back to Colloque; this page can be closed.",
    use="Colloque is not a certified medical device. No homologation is claimed.",
    psc_unknown="Pro Santé Connect knows you, but no account here bears your RPPS number. Ask the administrator of "
    "your practice.",
    psc_nowhere="Pro Santé Connect knows you, but none of the places where you exercise bears there the FINESS or SIRET "
    "number of a practice of yours here. Nothing has changed; ask the administrator of your practice.",
    psc_profession="Pro Santé Connect knows you, but under another profession than that of your account here. Nothing "
    "has changed; ask the administrator of your practice.",
    psc_other="Pro Santé Connect recognised another person than that of this account. Nothing has changed.",
    psc_failed="The answer of Pro Santé Connect cannot be accepted. Nothing has changed; start again.",
    psc_away="Pro Santé Connect does not answer. Try again, or use another way.",
)


def words_for(asked: str, accepted: str) -> Words:
    """The language asked for, else the first of ours that the browser accepts, else French."""
    if asked in {"fr", "en"}:
        return ENGLISH if asked == "en" else FRENCH
    for piece in accepted.lower().split(","):
        tag = piece.split(";")[0].strip().split("-")[0]
        if tag in {"fr", "en"}:
            return ENGLISH if tag == "en" else FRENCH
    return FRENCH
