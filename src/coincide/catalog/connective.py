"""Small words that say how two things in a title belong together.

``WITH``: what follows comes along (``pressure cooker with cookbook``). ``FOR``: what follows is what it is for, and not
what is sold (``gasket for pressure cooker``). In Arabic "with" can be letters before the word. ``KIT``: of what comes
along with such a thing all is sold.
"""

from __future__ import annotations

from coincide.catalog.normal import normal


def _forms(words: str) -> frozenset[str]:
    return frozenset(word for text in words.split() for word in normal(text).words)


WITH = _forms(
    "with w incl including includes plus bonus free featuring "
    "mit inkl inklusive samt nebst "
    "avec inclus incluse comprenant offert offerts "
    "con incluye incluido incluida incluyendo "
    "مع يشمل شامل "
    "z ze wraz ile birlikte с"
)
FOR = _forms(
    "for fits fit fitting suits compatible "
    "für passend geeignet fuer "
    "pour compatible adapté adaptable "
    "para compatible "
    "لأجل متوافق مناسب خاص مخصص "
    "do dla için uyumlu"
)
KIT = _forms(
    "kit kits set sets bundle lot box pack crate hamper "
    "paket konvolut restposten posten kiste partybox sammlung "
    "coffret ensemble débarras "
    "lote caja conjunto cesta paquete "
    "طقم مجموعة صندوق علبة تصفية حزمة باقة "
    "zestaw takım набор"
)
WITH_UNSPACED = (
    "赠",
    "贈",
    "附送",
    "附带",
    "附帶",
    "另送",
    "送密",
    "送食",
    "送菜",
    "送配",
    "送量",
    "送蒸",
    "带蒸",
    "帶蒸",
    "配蒸",
)
KIT_UNSPACED = ("套装", "套裝", "套组", "套組", "礼盒", "禮盒", "礼包", "禮包", "组合", "組合", "清仓", "清倉")
WITH_PREFIXES = ("بال", "ب")
"""Before an Arabic word: ``بمؤقت`` is with a timer."""
FOR_UNSPACED = ("适用", "適用", "专用", "專用", "用于", "用於")
ARTICLES = ("وال", "بال", "كال", "فال", "ال", "و", "ب")
"""Before an Arabic word, and part of it no more than a space."""
DEFINITE = ("وال", "ال", "و")
"""Those that leave a word what it is: ``والغطاء`` is the lid, and ``بغطاء`` is with one."""
