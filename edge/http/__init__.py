"""The words of HTTP: a request's head, a response's value. Pure."""
