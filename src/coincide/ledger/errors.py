"""What can be wrong with a ledger or with what is said of one, one class per cause.

Exit status 1 means that a check failed, 3 that something could not be read and so nothing was checked.
"""

from __future__ import annotations

from coincide.errors import CoincideError, Where


class MalformedNote(CoincideError):
    """A signed note is not in the form of C2SP `signed-note`, so no signature of it was looked at.

    A note is text in UTF-8 without control characters, an empty line, and signature lines. A note that went through
    an editor or a mail program may have lost its last newline or got other ends of line: fetch it again.
    """

    code = "COI-L001"

    def __init__(self, reason: str) -> None:
        super().__init__(f"this is no signed note: {reason}", hint="fetch it again, byte for byte")


class FalseSignature(CoincideError):
    """A signature bears the name and the id of a key that you trust, and that key did not make it.

    Either the text was changed after it was signed, or somebody wants it to look signed. Nothing in it can be
    believed, whatever other signatures it has.
    """

    code = "COI-L002"
    exit_status = 1

    def __init__(self, key: str) -> None:
        super().__init__(
            f"the signature of `{key}` is false", hint="the text was changed, or the signature is of another text"
        )


class NotSigned(CoincideError):
    """No key that you trust has signed the note.

    Signatures of other keys say nothing. Compare the verifier key that you were given with the one that the operator
    publishes (`coincide ledger key`); after a change of keys the operator has a new one.
    """

    code = "COI-L003"
    exit_status = 1

    def __init__(self, expected: str, signers: list[str]) -> None:
        there = f"it is signed by {', '.join(signers)}" if signers else "it has no signature"
        super().__init__(f"no signature of {expected}: {there}", hint="is it the right verifier key?")


class MalformedKey(CoincideError):
    """A verifier key is not of the form `name+id+key`, or its parts do not fit each other.

    The id is eight hexadecimal digits, made of name and key, so that a letter that was lost or changed on the way
    is noticed. Copy the key again, whole.
    """

    code = "COI-L004"

    def __init__(self, reason: str) -> None:
        super().__init__(f"this is no verifier key: {reason}", hint="copy the whole line `name+id+key`")


class MalformedCheckpoint(CoincideError):
    """The text of a checkpoint is not in the form of C2SP `tlog-checkpoint`: origin, size, root.

    The signature may be right all the same: then the log signed something that is no checkpoint.
    """

    code = "COI-L005"

    def __init__(self, reason: str) -> None:
        super().__init__(f"this is no checkpoint: {reason}", hint="lines: origin, tree size, root in base64")


class MalformedPolicy(CoincideError):
    """A policy file is not in the form of C2SP `tlog-policy`: logs, witnesses, groups and one quorum.

    Each line begins with `log`, `witness`, `group` or `quorum`; names are defined on a line before they are used.
    """

    code = "COI-L006"

    def __init__(self, file: str, line: int | None, reason: str) -> None:
        super().__init__(reason, where=Where(file, line), hint="the format is c2sp.org/tlog-policy")


class QuorumMissed(CoincideError):
    """The checkpoint is signed by the log, but not by as many witnesses as your policy asks for.

    So nobody but the operator vouches that everybody sees the same log. Ask for a checkpoint with the witnesses'
    cosignatures.
    """

    code = "COI-L007"
    exit_status = 1

    def __init__(self, quorum: str, present: list[str]) -> None:
        there = f"only {', '.join(present)} cosigned" if present else "no known witness cosigned"
        super().__init__(f"the quorum `{quorum}` is missed: {there}", hint="ask for a cosigned checkpoint")


class MalformedReceipt(CoincideError):
    """A receipt is not in the form of C2SP `tlog-proof`: a first line, index, proof, checkpoint.

    Fetch or copy it again, byte for byte.
    """

    code = "COI-L008"

    def __init__(self, reason: str) -> None:
        super().__init__(f"this is no receipt: {reason}", hint="the format is c2sp.org/tlog-proof")


class NotIncluded(CoincideError):
    """The receipt does not show that this entry is in the log of the checkpoint.

    The entry, its place or the proof was changed, or the receipt is of another entry.
    """

    code = "COI-L009"
    exit_status = 1

    def __init__(self, index: int, size: int) -> None:
        super().__init__(
            f"the receipt does not show that the entry is number {index} of {size}",
            hint="is it the receipt of this entry?",
        )


class BrokenTile(CoincideError):
    """A file of a ledger has not the length or the form that its name and the checkpoint ask for.

    Tiles are 32 bytes for each hash; bundles of entries have a length of two bytes before each entry. The sentence
    names the file and, where it is known, the entry.
    """

    code = "COI-L010"

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(reason, where=Where(path), hint="fetch or copy the ledger again")


class EntryTooLong(CoincideError):
    """An entry of the ledger is longer than 65,535 bytes, the most that a bundle can hold.

    Entries hold references and reasons, not documents: shorten the reason, or refer to what it says.
    """

    code = "COI-L011"

    def __init__(self, length: int) -> None:
        super().__init__(f"the entry has {length:,} bytes, the most are 65,535", hint="shorten the reason")


class MalformedEntry(CoincideError):
    """What is logged at a place is no entry that Coincide writes, though the log holds exactly these bytes.

    Somebody else wrote into the log, or a newer version did. The sentence says what is wrong.
    """

    code = "COI-L012"

    def __init__(self, reason: str) -> None:
        super().__init__(f"this is no entry of a ledger: {reason}", hint="was it written by a newer version?")


class WrongEntry(CoincideError):
    """An entry of the ledger is not the one that was logged, or was logged where it cannot be right.

    Something was changed, dropped, put in or exchanged after the checkpoint was signed. What the sentence names is
    the first entry of which that is proven; keep a copy of the files as they are before anything is repaired.
    """

    code = "COI-L013"
    exit_status = 1

    def __init__(self, number: int, reason: str) -> None:
        self.number = number
        super().__init__(f"entry {number} {reason}", hint="keep a copy of the ledger as it is now")


class WrongTile(CoincideError):
    """The entries are those that were logged, but a file of hashes does not belong to them.

    With it nobody can prove anything of this ledger. It can be made again from the entries.
    """

    code = "COI-L014"
    exit_status = 1

    def __init__(self, path: str) -> None:
        super().__init__(
            "these hashes are not those of the entries, which are as they were logged",
            where=Where(path),
            hint="copy it again, or `coincide ledger publish --all`",
        )


class Rewritten(CoincideError):
    """The ledger does not have the root that was signed, and its entries and hashes agree with each other.

    So it was rewritten as a whole from some entry on, or the checkpoint is of another ledger. Which entry was the
    first cannot be told from these files; earlier checkpoints (`--since`) narrow it down.
    """

    code = "COI-L015"
    exit_status = 1

    def __init__(self, size: int, proven: int) -> None:
        since = f"; the first {proven:,} entries are those of an earlier checkpoint" if proven else ""
        super().__init__(
            f"the {size:,} entries are not those that the checkpoint was signed for{since}",
            hint="keep a copy of the ledger as it is now",
        )


class RolledBack(CoincideError):
    """An earlier checkpoint saw something that is not in the ledger any more.

    Either entries at the end are gone (a backup was put back, or somebody cut them off), or the first entries are
    others than they were. Both checkpoints are signed, so they prove against the operator that one log had two
    histories.
    """

    code = "COI-L016"
    exit_status = 1

    def __init__(self, earlier: int, size: int) -> None:
        reason = (
            f"an earlier checkpoint saw {earlier:,} entries, now there are {size:,}"
            if earlier > size
            else f"the first {earlier:,} entries are not those that an earlier checkpoint saw"
        )
        super().__init__(reason, hint="keep both checkpoints: together they are the proof")


class Unreachable(CoincideError):
    """A file of a ledger cannot be read from its folder or its server, so nothing was checked.

    The sentence gives the reason. A folder must be readable and lead nowhere else; a server must serve the files as
    they are, without login pages in front of them.
    """

    code = "COI-L017"
    exit_status = 4

    def __init__(self, place: str, reason: str) -> None:
        super().__init__(f"the ledger cannot be read: {reason}", where=Where(place), hint="nothing was verified")


class DamagedLedger(CoincideError):
    """The ledger in a folder cannot be written to: its files are not those of its checkpoint.

    Nothing was written, so that what happened can still be found out: `coincide ledger verify` names what is wrong.
    Put the folder back from a backup that has the newest checkpoint; an older one would contradict it.
    """

    code = "COI-L018"
    exit_status = 4

    def __init__(self, folder: str, reason: str) -> None:
        super().__init__(
            f"the ledger is damaged, so nothing is added to it: {reason}",
            where=Where(folder),
            hint="`coincide ledger verify` names what is wrong",
        )


class ClockWentBack(CoincideError):
    """The clock of the machine is behind the last entry of the ledger, so that a new entry would seem backdated.

    Nothing was written. Set the clock; if it was wrong before, wait until it has passed the time of the last entry.
    """

    code = "COI-L019"
    exit_status = 4

    def __init__(self, last: str, now: str) -> None:
        super().__init__(
            f"the clock went back: the last entry of the ledger is of {last}, now it is {now}", hint="set the clock"
        )


class LedgerBusy(CoincideError):
    """Another process has been writing to the ledger for longer than one waits.

    Nothing was written. Run the command again; if it happens often, look which process holds the lock.
    """

    code = "COI-L020"
    exit_status = 4

    def __init__(self, folder: str, seconds: float) -> None:
        super().__init__(
            f"another process has been writing to the ledger for {seconds:g} s",
            where=Where(folder),
            hint="run the command again",
        )


class LedgerKeyMissing(CoincideError):
    """The ledger's private key is not where it is looked for, and there are entries already.

    A new key would break the line: nobody could tell our entries from a stranger's. Put the file back from where it
    is kept safe; `[ledger] key_file` in `coincide.toml` says where it is looked for.
    """

    code = "COI-L021"
    exit_status = 4

    def __init__(self, path: str) -> None:
        super().__init__("the ledger's key is missing", where=Where(path), hint="put it back from where it is kept")


class LedgerKeyUnusable(CoincideError):
    """The file of the ledger's private key cannot be read or written, is open to others, or holds no key.

    It holds one line `PRIVATE+KEY+name+id+key` (two while the key is being changed) and is for its owner alone:
    `chmod 600`.
    """

    code = "COI-L022"
    exit_status = 4

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(
            f"the ledger's key cannot be used: {reason}",
            where=Where(path),
            hint="the file is for its owner alone: `chmod 600`, or put it back from where it is kept",
        )


class PurposeMissing(CoincideError):
    """Personal data are to be shown, and nobody said for which purpose.

    The purpose goes into the ledger with the name of whoever asks. Say it with `--purpose`, in the environment variable
    `COINCIDE_PURPOSE`, or when you are asked; at a terminal one is asked once per session.
    """

    code = "COI-L023"
    exit_status = 2

    def __init__(self) -> None:
        super().__init__(
            "this shows personal data, and no purpose was given",
            hint="say it with --purpose TEXT or COINCIDE_PURPOSE; it goes into the ledger",
        )


class ReadRefused(CoincideError):
    """The read could not be entered in the ledger, so nothing is shown.

    Every read of personal data leaves a trace before the data are shown; where the ledger cannot be written there is
    none. Mend what the sentence names: a full disk, a missing key, a damaged ledger, a clock that went back.
    """

    code = "COI-L024"
    exit_status = 4

    def __init__(self, error: CoincideError) -> None:
        code = f" ({error.code})" if error.code else ""
        super().__init__(
            f"nothing is shown, because this read cannot be entered in the ledger: {error.message}{code}",
            where=error.where,
            hint=error.hint,
        )


class NoSuchEntry(CoincideError):
    """The ledger has no entry of this number; they count from 0.

    `coincide ledger list` shows the numbers.
    """

    code = "COI-L025"

    def __init__(self, number: int, size: int) -> None:
        there = f"it has 0 to {size - 1:,}" if size else "it is empty"
        super().__init__(
            f"the ledger has no entry {number:,}: {there}", hint="`coincide ledger list` shows the numbers"
        )


class NoLedger(CoincideError):
    """There is no ledger yet: it begins with the first act that is entered.

    A scan, a decision or a look at an alert begins it.
    """

    code = "COI-L026"

    def __init__(self, folder: str) -> None:
        super().__init__("there is no ledger yet", where=Where(folder), hint="the first scan begins it")


class ForeignCheckpoint(CoincideError):
    """The place holds a checkpoint that our ledger does not continue, so it is not overwritten.

    Either the place is of another ledger, or ours was rolled back or rewritten since. Keep that checkpoint: if it is
    ours, both together prove that one log had two histories.
    """

    code = "COI-L027"
    exit_status = 1

    def __init__(self, place: str, reason: str) -> None:
        super().__init__(
            f"what is there already does not go with this ledger: {reason}",
            where=Where(place),
            hint="keep it; name another place if it is another ledger's",
        )


class WitnessRefused(CoincideError):
    """A witness did not cosign the checkpoint, or what it answered is no cosignature.

    Nothing was changed. The sentence gives its answer: a witness that does not know this log has to be told of it by
    whoever runs the witness; one that saw a larger tree than ours is a reason to look into the matter at once.
    """

    code = "COI-L028"
    exit_status = 4

    def __init__(self, url: str, reason: str) -> None:
        # It may be a stranger's words.
        said = " ".join(reason.split())[:200]
        super().__init__(f"the witness did not cosign: {said}", where=Where(url), hint="the ledger is as it was")


class KeyNotSaid(CoincideError):
    """There is nothing to check the signature with: no key was given, and the ledger does not say its own.

    Ask the operator for the verifier key (`coincide ledger key`) by another way than the ledger itself, and give it
    with `--key`.
    """

    code = "COI-L029"
    exit_status = 2

    def __init__(self) -> None:
        super().__init__("no key was given to check the signature with", hint="give --key or --policy")
