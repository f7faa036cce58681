"""How this package names itself to servers."""

import platform

from ._version import VERSION

USER_AGENT = f"workflow-graph-client/{VERSION} python/{platform.python_version()}"
