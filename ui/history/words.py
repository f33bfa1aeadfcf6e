"""The words of the family and of the way of life."""

from dossier.fhir.history import Kin
from dossier.fhir.lifestyle import Habit, Smoking
from ui.i18n import Texts


def kin_word(texts: Texts, kin: Kin) -> str:
    tr = texts.tr
    return {
        Kin.FATHER: tr("father"),
        Kin.MOTHER: tr("mother"),
        Kin.BROTHER: tr("brother"),
        Kin.SISTER: tr("sister"),
        Kin.SON: tr("son"),
        Kin.DAUGHTER: tr("daughter"),
        Kin.GRANDFATHER: tr("grandfather"),
        Kin.GRANDMOTHER: tr("grandmother"),
        Kin.UNCLE: tr("uncle"),
        Kin.AUNT: tr("aunt"),
        Kin.OTHER: tr("another relative"),
    }[kin]


def habit_word(texts: Texts, habit: Habit) -> str:
    tr = texts.tr
    return {
        Habit.TOBACCO: tr("Tobacco"),
        Habit.ALCOHOL: tr("Alcohol"),
        Habit.ACTIVITY: tr("Physical activity"),
        Habit.OCCUPATION: tr("Occupation"),
        Habit.PREGNANCY: tr("Pregnancy: expected day of delivery"),
    }[habit]


def smoking_word(texts: Texts, smoking: Smoking) -> str:
    tr = texts.tr
    return {
        Smoking.NEVER: tr("has never smoked"),
        Smoking.FORMER: tr("used to smoke"),
        Smoking.CURRENT: tr("smokes"),
        Smoking.UNKNOWN: tr("not stated"),
    }[smoking]
