//! The messages of the API and the stubs of its gRPC services, generated from the protobuf files. See
//! [`grpc`](crate::grpc) for how to call them.
#![allow(missing_docs, rustdoc::all, clippy::all, clippy::unwrap_used)]

include!("generated/workflowgraph.v1.rs");
