"""The machine around the server: the service manager, its sockets, certificates, installation."""
