"""What a person types to show who they are: the password, and six digits of their authenticator."""

from ui.theme.look import Look
from ui.widgets.form import LineField


def proof_fields(look: Look) -> tuple[LineField, LineField]:
    tr = look.tr
    hint = tr("From your authenticator; it changes every 30 seconds and serves once.")
    return (
        LineField(look, tr("Password"), secret=True, limit=1024),
        LineField(look, tr("Six-digit code"), hint=hint, limit=16),
    )
