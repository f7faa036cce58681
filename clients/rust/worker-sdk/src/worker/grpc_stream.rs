use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tonic::{Code, Response, Status, Streaming};

use crate::error::{Error, ServerError};
use crate::http::root_cause;

/// The messages that this side sends. The stream ends when the sender is dropped.
pub(super) struct Outgoing<T>(UnboundedReceiver<T>);

impl<T> Stream for Outgoing<T> {
    type Item = T;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<T>> {
        self.0.poll_recv(context)
    }
}

pub(super) fn outgoing<T>() -> (UnboundedSender<T>, Outgoing<T>) {
    let (sender, receiver) = unbounded_channel();
    (sender, Outgoing(receiver))
}

type Opening<T> = Pin<Box<dyn Future<Output = Result<Response<Streaming<T>>, Status>> + Send>>;

/// The messages that come. A server may open its side only with its first message, so this side does not wait for it.
pub(super) enum Incoming<T> {
    Opening(Opening<T>),
    Open(Box<Streaming<T>>),
}

/// What came.
pub(super) enum Received<T> {
    /// The server has accepted the call.
    Opened,
    Message(T),
}

impl<T> Incoming<T> {
    pub fn new(call: impl Future<Output = Result<Response<Streaming<T>>, Status>> + Send + 'static) -> Self {
        Self::Opening(Box::pin(call))
    }

    /// The next message; an error when the stream has ended for any reason. May be dropped and
    /// called again.
    pub async fn next(&mut self) -> Result<Received<T>, Status> {
        match self {
            Self::Opening(call) => {
                *self = Self::Open(Box::new(call.await?.into_inner()));
                Ok(Received::Opened)
            }
            Self::Open(messages) => match messages.message().await? {
                Some(message) => Ok(Received::Message(message)),
                None => Err(Status::unavailable("the server ended the stream")),
            },
        }
    }
}

/// A status in the form of the documented paths.
pub(super) fn error_of_status(status: &Status, server_url: &str) -> Error {
    let http_status = match status.code() {
        Code::Unauthenticated => 401,
        Code::PermissionDenied => 403,
        Code::NotFound => 404,
        Code::InvalidArgument => 400,
        Code::Unimplemented => 501,
        _ => {
            return Error::Unreachable { server_url: server_url.to_owned(), cause: cause_of(status) };
        }
    };
    ServerError::new(http_status, "stream", status.message()).into()
}

pub(super) fn cause_of(status: &Status) -> String {
    match std::error::Error::source(status) {
        Some(source) => root_cause(source),
        None if status.message().is_empty() => status.code().description().to_owned(),
        None => status.message().to_owned(),
    }
}
