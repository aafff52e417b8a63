"""The thin HTTP wrapper: an engine, served. Needs `pip install nba[server]`."""

from nba.server.app import create_app
from nba.server.bounds import Bounds
from nba.server.keys import Keys

__all__ = ["Bounds", "Keys", "create_app"]
