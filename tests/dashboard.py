"""The Grafana dashboard, as tests read it."""

import json
from pathlib import Path
from typing import Any

DASHBOARD = Path(__file__).parents[1] / "config" / "grafana-dashboard.json"
_VARIABLES = {"$instance": ".*", "$stream": ".*", "$__rate_interval": "1m", "$__range": "1h"}


def panels() -> list[dict[str, Any]]:
    """All that draw something; headings left out."""
    return [panel for panel in json.loads(DASHBOARD.read_text())["panels"] if panel["type"] != "row"]


def queries() -> list[tuple[str, str]]:
    """Title and query of each curve, for every instance and stream."""
    return [(panel["title"], filled_in(target["expr"])) for panel in panels() for target in panel["targets"]]


def filled_in(query: str) -> str:
    """As Grafana asks it when everything is chosen."""
    for name, value in _VARIABLES.items():
        query = query.replace(name, value)
    return query
