"""How this installation is set up: every setting, checked at start."""

from web.config.loading import describe_settings, load_settings
from web.config.settings import Settings

__all__ = ["Settings", "describe_settings", "load_settings"]
