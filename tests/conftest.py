"""A mutant has to be found, not shrunk to its smallest example (`make mutants`)."""

import os

from hypothesis import Phase, settings

if "MUTANT_UNDER_TEST" in os.environ:  # set by mutmut
    settings.register_profile("mutants", phases=[Phase.explicit, Phase.generate], report_multiple_bugs=False)
    settings.load_profile("mutants")
