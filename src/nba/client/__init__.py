"""The client for the HTTP server: the verbs of an engine, elsewhere. `pip install nba[client]`."""

from nba.client.asynchronous import AsyncClient
from nba.client.errors import ServerError
from nba.client.synchronous import Client

__all__ = ["AsyncClient", "Client", "ServerError"]
