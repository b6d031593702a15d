"""How Sphinx builds the site: `make docs`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_tools"))

from brainstate_torch import __version__

project = "brainstate_torch"
author = copyright = "brainstate_torch contributors"
version = release = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "reference", "pictures"]
exclude_patterns = ["_tools"]
# In docstrings, single backticks mark arguments and shapes.
default_role = "code"

myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3

autodoc_typehints = "none"
autodoc_member_order = "bysource"
autodoc_inherit_docstrings = False
napoleon_google_docstring = False
napoleon_use_rtype = False
napoleon_use_ivar = True
napoleon_attr_annotations = False
# Defaults as they are written, not as they are printed.
autodoc_preserve_defaults = True
python_maximum_signature_line_length = 100

# The theme uses the fonts of the reader's system: the site is built and read without a network.
html_theme = "furo"
html_title = f"brainstate_torch {version}"
html_show_sphinx = False
html_copy_source = False
