"""Work out the second half of turns-80's extraction references from the texts in the questions.

Each function marked ``@EXTRACTED.of`` takes a question's first turn and returns what must stand in the code fences
of its two references: a string for CSV, anything else for JSON.
"""

from __future__ import annotations

import datetime
import re
import statistics
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from check_logs import csv, groups
from checking import Checks

EXTRACTED: Checks[Callable[[str], tuple[Any, Any]]] = Checks()
MILLIMETRES = {"m": Decimal(1000), "cm": Decimal(10), "mm": Decimal(1)}


@EXTRACTED.of("extraction-06")
def notebook(text: str) -> tuple[Any, Any]:
    """Cross out, then read sample by sample."""
    page = re.sub(r"~[^~]*~ ?", "", text.partition("\n\n")[2].partition("\n\n")[0])
    readings: list[tuple[str, int, bool]] = []
    pattern = r"(K\d) ([\d.]+) (mm|cm|m)\b(?: longer than the first (K\d))?(?: \(([^)]*)\))?"
    for sample, number, unit, other, remark in re.findall(pattern, page):
        value = int(Decimal(number) * MILLIMETRES[unit])
        value += next((v for s, v, _ in readings if s == other), 0)
        if "do not use" not in remark:
            readings.append((sample, value, bool(other) or "estimated" in remark))
    samples = sorted({sample for sample, _, _ in readings})
    first = {sample: [v for s, v, _ in readings if s == sample] for sample in samples}
    rows = []
    for sample in samples:
        values = [v for s, v, doubtful in readings if s == sample and not doubtful]
        if len(values) >= 2:
            low, high, middle = min(values), max(values), statistics.median(values)
            figures = (f"{Decimal(v) / 10:.2f}" for v in (low, high, middle))
            rows.append((low - high, [sample, len(values), *figures]))
    return first, csv("sample,n,min_cm,max_cm,median_cm", (row for _, row in sorted(rows)))


@EXTRACTED.of("extraction-07")
def small_ads(text: str) -> tuple[Any, Any]:
    """Read the ads, then match them."""
    ads = []
    for kind, body in re.findall(r"^(FS|W) (.+)$", text, re.M):
        things = re.sub(r"^\d+ ", "", body.split(",")[0]).removesuffix("s" if re.match(r"\d", body) else "")
        price, size = re.search(r"(\d+) p\.", body), re.search(r"(\d+) inch", body)
        ad = {"kind": "sale" if kind == "FS" else "wanted", "items": things.split(" or ")}
        ad |= {"pounds": int(price[1]) if price else 0, "negotiable": " ono" in body if kind == "FS" else None}
        ads.append((ad | {"tel": groups(r"tel (\d+)", body)[0]}, size[1] if size else None))
    rows = []
    for sale, sale_size in ads:
        for wanted, size in ads:
            limit = wanted["pounds"] * (11 if sale["negotiable"] else 10)
            fits = (sale["kind"], wanted["kind"]) == ("sale", "wanted") and sale["items"][0] in wanted["items"]
            if fits and sale["pounds"] * 10 <= limit and sale["tel"] != wanted["tel"] and size in (None, sale_size):
                rows.append([sale["items"][0], sale["pounds"], wanted["pounds"], sale["tel"], wanted["tel"]])
    return [ad for ad, _ in ads], csv("thing,price,limit,seller,buyer", rows)


def departures(text: str, day: datetime.date) -> list[tuple[str, str]]:
    """The departures of a date, as (time, line)."""
    times = {
        (line, days): re.findall(r"(\d\d:\d\d)([shx]?)", entries)
        for line, days, entries in re.findall(r"^Line (\w+), ([^:]+): (.+)$", text, re.M)
    }
    holiday = datetime.date(2025, 8, 15)
    in_holidays = datetime.date(2025, 7, 28) <= day <= datetime.date(2025, 9, 5)
    weekday = day.weekday()
    school = weekday < 5 and day != holiday and not in_holidays
    skipped = {"s" if not school else "h", "x" if weekday == 5 else ""} - {""}

    def running(line: str, days: str) -> list[tuple[str, str]]:
        return [(time, line) for time, mark in times[line, days] if mark not in skipped]

    def quiet(date: datetime.date) -> bool:
        return date.weekday() >= 5 or date == holiday

    found = []
    if day == holiday:
        found += running("8", "Sat")[1:]
    elif weekday < 6:
        found += running("8", "Sat" if weekday == 5 else "Mon to Fri")
    found += running("21", "Sun and public holidays" if weekday == 6 or day == holiday else "Mon to Sat")
    for time, line in running("N1", "nights before Sat, Sun and public holidays"):
        morning_after = day + datetime.timedelta(days=time > "12:00")
        found += [(time, line)] if quiet(morning_after) else []
    return sorted(found, key=lambda item: (item[0], item[1] == "N1", item[1].zfill(3)))


@EXTRACTED.of("extraction-08")
def bus_stop(text: str) -> tuple[Any, Any]:
    """Three dates."""
    holidays = [datetime.date(2025, 8, day) for day in (15, 16)]
    second = {str(day): [" ".join(item) for item in departures(text, day)] for day in holidays}
    return csv("time,line", departures(text, datetime.date(2025, 7, 25))), second


@EXTRACTED.of("extraction-09")
def invoice(text: str) -> tuple[Any, Any]:
    """Join the lines and read item by item."""
    scan = " ".join(text.partition("INV")[2].partition("Answer with")[0].split())
    pattern = r"(\d+) x ((?:(?! x ).)+?) @ ([\d.]+)(?: \((\d+)%\))? = ([\d.]+)"
    items = [
        {
            "quantity": int(quantity),
            "description": description,
            "unit_cents": int(Decimal(unit) * 100),
            "discount_percent": int(discount or 0),
            "printed_cents": int(Decimal(total) * 100),
        }
        for quantity, description, unit, discount, total in re.findall(pattern, scan)
    ]
    assert len(items) == scan.count(" @ ")

    def cents(amount: Decimal) -> int:
        return int(amount.quantize(Decimal(1), ROUND_HALF_UP))

    correct = [
        cents(Decimal(item["quantity"] * item["unit_cents"] * (100 - item["discount_percent"])) / 100) for item in items
    ]
    carriage, total = (int(Decimal(groups(rf"{word} ([\d.]+)", scan)[0]) * 100) for word in ("Carriage", "Total"))
    goods = sum(correct)
    vat = cents(Decimal(goods + carriage) / 5)
    wrong = [
        {"description": item["description"], "printed_cents": item["printed_cents"], "correct_cents": right}
        for item, right in zip(items, correct, strict=True)
        if item["printed_cents"] != right
    ]
    second = {"wrong_lines": wrong, "goods_cents": goods, "vat_cents": vat, "total_cents": goods + carriage + vat}
    return items, second | {"overcharged_cents": total - second["total_cents"]}


@EXTRACTED.of("extraction-10")
def mail_thread(text: str) -> tuple[Any, Any]:
    """Depth tells the writer; the line below tells who answered."""
    writers = {3: "Joost", 2: "Petra", 1: "Sunil", 0: "Petra"}
    body = text.partition("\n\n")[2].partition("\n\n")[0]
    lines = [(len(marks), words) for marks, words in re.findall(r"^(>*) ?(.+)$", body, re.M)]
    first: list[Any] = []
    second = {d: {"writer": writers[d], "sentences": 0, "questions": 0, "unanswered": []} for d in (3, 2, 1, 0)}
    for (depth, words), (below, _) in zip(lines, [*lines[1:], (9, "")], strict=True):
        mail: dict[str, Any] = second[depth]
        for sentence in re.findall(r"[^.?]+[.?]", words):
            question = sentence.strip()
            mail["sentences"] += 1
            if question.endswith("?"):
                answered = writers[below] if below < depth else None
                first.append({"asker": writers[depth], "question": question, "answered_by": answered})
                mail["questions"] += 1
                mail["unanswered"] += [] if answered else [question]
    return first, list(second.values())
