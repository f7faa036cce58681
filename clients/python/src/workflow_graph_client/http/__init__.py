"""The documented JSON paths over HTTP/1.1, with the standard library."""
