"""Days on which the exchanges are closed by law, as far as they can be known years ahead.

The State Council's rules for public holidays, dated, and the days of the festivals of the traditional calendar. Only
the holidays proper are known: the bridge days around them are announced late in the year before. The exchanges close
on weekends always, also on those that are worked elsewhere.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

Dates = NDArray[np.datetime64]


@dataclass(frozen=True)
class HolidayLaw:
    """The public holidays from `first_year` on: how many days of January, May and October, which of the festivals.

    `spring` are days counted from the Spring Festival, 0 its first day; `festivals` says whether Qingming, Dragon Boat
    and Mid-Autumn are holidays.
    """

    first_year: int
    january: int
    may: int
    october: int
    spring: tuple[int, ...]
    festivals: bool


# Regulation on public holidays for national festivals and memorial days, as of 1999, 2007, 2013 and 2024.
LAWS = (
    HolidayLaw(2000, january=1, may=3, october=3, spring=(0, 1, 2), festivals=False),
    HolidayLaw(2008, january=1, may=1, october=3, spring=(-1, 0, 1), festivals=True),
    HolidayLaw(2014, january=1, may=1, october=3, spring=(0, 1, 2), festivals=True),
    HolidayLaw(2025, january=1, may=2, october=3, spring=(-1, 0, 1, 2), festivals=True),
)

# Year, then month and day of Spring Festival, Qingming, Dragon Boat, Mid-Autumn. Found with two packages that agree,
# lunardate 0.3.0 and holidays 0.108, Qingming also from the sun's longitude (Meeus, Astronomical Algorithms, ch. 25).
FESTIVALS = """
    2008 0207 0404 0608 0914  2009 0126 0404 0528 1003  2010 0214 0405 0616 0922  2011 0203 0405 0606 0912
    2012 0123 0404 0623 0930  2013 0210 0404 0612 0919  2014 0131 0405 0602 0908  2015 0219 0405 0620 0927
    2016 0208 0404 0609 0915  2017 0128 0404 0530 1004  2018 0216 0405 0618 0924  2019 0205 0405 0607 0913
    2020 0125 0404 0625 1001  2021 0212 0404 0614 0921  2022 0201 0405 0603 0910  2023 0122 0405 0622 0929
    2024 0210 0404 0610 0917  2025 0129 0404 0531 1006  2026 0217 0405 0619 0925  2027 0206 0405 0609 0915
    2028 0126 0404 0528 1003  2029 0213 0404 0616 0922  2030 0203 0405 0605 0912  2031 0123 0405 0624 1001
    2032 0211 0404 0612 0919  2033 0131 0404 0601 0908  2034 0219 0405 0620 0927  2035 0208 0405 0610 0916
    2036 0128 0404 0530 1004  2037 0215 0404 0618 0924  2038 0204 0405 0607 0913  2039 0124 0405 0527 1002
    2040 0212 0404 0614 0920  2041 0201 0404 0603 0910  2042 0122 0404 0622 0928  2043 0210 0405 0611 0917
    2044 0130 0404 0531 1005  2045 0217 0404 0619 0925  2046 0206 0404 0608 0915  2047 0126 0405 0529 1004
    2048 0214 0404 0615 0922  2049 0202 0404 0604 0911  2050 0123 0404 0623 0930  2051 0211 0405 0613 0919
    2052 0201 0404 0601 0907  2053 0219 0404 0620 0926  2054 0208 0404 0610 0916  2055 0128 0405 0530 1005
    2056 0215 0404 0617 0924  2057 0204 0404 0606 0913  2058 0124 0404 0625 1002  2059 0212 0405 0614 0921
    2060 0202 0404 0603 0909  2061 0121 0404 0622 0928  2062 0209 0404 0611 0917  2063 0129 0405 0601 1006
    2064 0217 0404 0619 0925  2065 0205 0404 0608 0915  2066 0126 0404 0528 1003  2067 0214 0405 0616 0923
    2068 0203 0404 0604 0911  2069 0123 0404 0623 0929  2070 0211 0404 0613 0919  2071 0131 0405 0602 0908
    2072 0219 0404 0620 0926  2073 0207 0404 0610 0916  2074 0127 0404 0530 1005  2075 0215 0404 0617 0924
    2076 0205 0404 0606 0912  2077 0124 0404 0624 1001  2078 0212 0404 0614 0920  2079 0202 0404 0604 0910
    2080 0122 0404 0622 0928  2081 0209 0404 0611 0917  2082 0129 0404 0601 1006  2083 0217 0404 0619 0926
    2084 0206 0404 0607 0914  2085 0126 0404 0527 1003  2086 0214 0404 0615 0922  2087 0203 0404 0605 0911
    2088 0124 0404 0623 0929  2089 0210 0404 0613 0918  2090 0130 0404 0602 0908  2091 0218 0404 0621 0927
    2092 0207 0404 0609 0916  2093 0127 0404 0529 1005  2094 0215 0404 0617 0924  2095 0205 0404 0606 0913
    2096 0125 0404 0624 0930  2097 0212 0404 0614 0920  2098 0201 0404 0604 0909  2099 0121 0404 0623 0929
"""


def known_holidays(first_year: int, last_year: int) -> Dates:
    """The holidays known of the years from `first_year` to `last_year`, ascending, weekends among them.

    Years before the first law have none. Years without a row in FESTIVALS have the fixed days alone.
    """
    festivals = festival_days()
    found: list[date] = []
    for year in range(max(first_year, LAWS[0].first_year), last_year + 1):
        law = [law for law in LAWS if law.first_year <= year][-1]
        for month, days in ((1, law.january), (5, law.may), (10, law.october)):
            found += [date(year, month, day) for day in range(1, days + 1)]
        if year in festivals:
            spring, *others = festivals[year]
            found += [date.fromordinal(spring.toordinal() + day) for day in law.spring]
            found += others if law.festivals else []
    return np.unique(np.array(found, dtype="datetime64[D]"))


def festival_days() -> dict[int, tuple[date, ...]]:
    """Each year's Spring Festival, Qingming, Dragon Boat and Mid-Autumn."""
    words = FESTIVALS.split()
    years = {}
    for start in range(0, len(words), 5):
        year = int(words[start])
        years[year] = tuple(date(year, int(word[:2]), int(word[2:])) for word in words[start + 1 : start + 5])
    return years
