"""Score the modules after `mutmut run` and print the survivors that tests/mutants.md does not explain.

Exits with 1 if a module scores less than 90 % or a survivor is not listed.
"""

import sys
from collections import Counter
from difflib import unified_diff
from pathlib import Path

FOUND = {"killed", "timeout", "segfault"}
LISTED = Path(__file__).with_name("mutants.md").read_text(encoding="utf-8")


def line_of(name, spans):
    """One line of Markdown that tells what the mutant changes, and where."""
    function, _, number = name.split(".")[-1].rpartition("__mutmut_")
    names = [f"{function}__mutmut_{version}" for version in ("orig", number)]
    sources = zip(names, spans.read_function_sources(names), strict=True)
    old, new = (source.replace(name, function[2:]).splitlines() for name, source in sources)
    changes = list(unified_diff(old, new, n=0, lineterm=""))[3:]
    old, new = (" ".join(c[1:].strip() for c in changes if c[0] == sign) for sign in "-+")
    return f"- {function[2:]}: `{old}` -> `{new}`"


def main():
    from mutmut.mutation.data import MutantLineSpans, SourceFileMutationData
    from mutmut.stats import status_by_exit_code
    from mutmut.utils.file_utils import walk_mutatable_files

    poor = unlisted = 0
    for path in sorted(walk_mutatable_files()):
        data = SourceFileMutationData(path=path)
        data.load()
        spans = MutantLineSpans.load(path)
        status = {name: status_by_exit_code[code] for name, code in data.exit_code_by_key.items()}
        found, counts = sum(s in FOUND for s in status.values()), dict(Counter(status.values()))
        print(f"{path.stem}: {found} of {len(status)} killed, {found / len(status):.1%}; {counts}")
        poor += found < 0.9 * len(status)
        for name, s in status.items():
            if s not in FOUND and (line := line_of(name, spans)) not in LISTED:
                unlisted += 1
                print(f"{line} ({s}: {name})")
    sys.exit(bool(poor or unlisted))


if __name__ == "__main__":
    main()
