"""The peers of the exchange: who they are, what tokens pass, how they differ, how they fare."""

from web.mme.nodes.errors import BadNode, UnknownNode
from web.mme.nodes.node import Node
from web.mme.nodes.register import Nodes

__all__ = ["BadNode", "Node", "Nodes", "UnknownNode"]
