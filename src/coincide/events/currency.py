"""Currencies of ISO 4217 and how many digits their minor units have.

Codes and digits are facts of the standard, not a work: they follow "list one" (current currencies) of its
maintenance agency SIX, https://www.six-group.com/en/products-services/financial-information/data-standards.html,
as published on 1 January 2026. A log may reach back: codes withdrawn since 2000 stay known. "List three", which has
these, gives no digits; theirs are those they were last used with. The special drawing right, metals, bond units,
testing and "no currency" (XDR, XAU, XBA, XTS, XXX) buy nothing in a shop and are left out.
"""

from __future__ import annotations

_ZERO = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_TWO = """
AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW
CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR
ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV
MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD
SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW ZWG
"""
_THREE = "BHD IQD JOD KWD LYD OMR TND"
_FOUR = "CLF UYW"
_WITHDRAWN_ZERO = "BYB BYR TRL TPE ESP ITL BEF LUF PTE GRD ROL MGF"
_WITHDRAWN_TWO = """
AFA ANG ATS AZM BGN CSD CUC CYP DEM EEK FIM FRF GHC GWP HRK IEP LTL LVL MRO MTL MXP MZM NLG SDD SIT SKK SLL SRG
STD TMM USS VEB VEF XEU YUM ZMK ZWD ZWL ZWN ZWR
"""

DIGITS: dict[str, int] = {
    code: digits
    for digits, codes in (
        (0, _WITHDRAWN_ZERO),
        (2, _WITHDRAWN_TWO),
        (0, _ZERO),
        (2, _TWO),
        (3, _THREE),
        (4, _FOUR),
    )
    for code in codes.split()
}
"""Code to the number of digits of its minor unit: ``EUR`` 2, ``JPY`` 0, ``KWD`` 3."""


def is_known(code: str) -> bool:
    """Whether ``code`` is a currency, in capital letters as the standard writes it."""
    return code in DIGITS
