"""What tests of Kavi and of third parties' messengers need; ships with the package."""
