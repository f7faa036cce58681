"""The streams of the API, over gRPC. Imported only when a stream is used, because grpcio takes a while to load."""
