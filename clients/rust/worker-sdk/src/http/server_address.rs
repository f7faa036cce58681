use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderValue, Uri};
use percent_encoding::percent_decode_str;

use crate::error::Error;

/// The address of a server and the caller's credentials.
pub(crate) struct ServerAddress {
    /// Without a slash at its end, a user and a password: it is logged.
    pub url: String,
    /// The same, parsed.
    pub uri: Uri,
    /// The header of each call, which is kept out of debug output.
    pub authorization: Option<HeaderValue>,
}

impl ServerAddress {
    /// A token takes precedence over the URL's user and password.
    pub fn parse(text: &str, token: Option<&str>) -> Result<Self, Error> {
        let text = text.trim_end_matches('/');
        let (url, user) = split_user(text);
        let uri = url.parse::<Uri>().ok().filter(is_of_server).ok_or_else(|| {
            let shown = without_user(text);
            let text =
                format!("server_url: \"{shown}\" is not a server's URL: write it as http://host:port or https://host");
            Error::InvalidConfig(text)
        })?;
        let authorization = match (token, user) {
            (Some(token), _) => Some(authorization("token", format!("Bearer {token}"))?),
            (None, Some(user)) => {
                Some(authorization("server_url", format!("Basic {}", STANDARD.encode(decoded(user))))?)
            }
            (None, None) => None,
        };
        Ok(Self { url, uri, authorization })
    }
}

/// The URL as it may be shown: with `***` for a user and a password, also in what is no URL at all.
pub(crate) fn without_user(text: &str) -> String {
    match (text.find("//"), text.rfind('@')) {
        (Some(scheme), Some(at)) if scheme < at => format!("{}//***{}", &text[..scheme], &text[at..]),
        _ => text.to_owned(),
    }
}

/// The password in a URL, if it has one.
pub(crate) fn password_in(text: &str) -> Option<String> {
    let (_, password) = split_user(text).1?.split_once(':')?;
    Some(percent_decode_str(password).decode_utf8_lossy().into_owned())
}

fn split_user(text: &str) -> (String, Option<&str>) {
    let parts = text.split_once("//").and_then(|(scheme, rest)| {
        let authority = &rest[..rest.find(['/', '?', '#']).unwrap_or(rest.len())];
        let at = authority.rfind('@')?;
        Some((format!("{scheme}//{}", &rest[at + 1..]), &rest[..at]))
    });
    match parts {
        Some((url, user)) => (url, Some(user)),
        None => (text.to_owned(), None),
    }
}

fn decoded(user: &str) -> Vec<u8> {
    let (name, password) = user.split_once(':').unwrap_or((user, ""));
    let mut pair: Vec<u8> = percent_decode_str(name).collect();
    pair.push(b':');
    pair.extend(percent_decode_str(password));
    pair
}

fn is_of_server(uri: &Uri) -> bool {
    let has_host = uri.host().is_some_and(|host| !host.is_empty());
    matches!(uri.scheme_str(), Some("http" | "https")) && has_host && uri.query().is_none()
}

fn authorization(field: &str, text: String) -> Result<HeaderValue, Error> {
    let problem = || Error::InvalidConfig(format!("{field}: it has characters that no HTTP header can hold"));
    let mut value = HeaderValue::from_str(&text).map_err(|_| problem())?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str, token: Option<&str>) -> (String, Option<String>) {
        let address = ServerAddress::parse(text, token).unwrap_or_else(|error| panic!("{error}"));
        let header = address.authorization.map(|header| String::from_utf8_lossy(header.as_bytes()).into_owned());
        (address.url, header)
    }

    #[test]
    fn a_user_in_the_url_is_sent_unless_there_is_a_token_and_never_shown() {
        let shown = "http://host:3000/prefix".to_owned();
        assert_eq!(parse("http://host:3000/prefix/", None), (shown.clone(), None));
        let basic = Some("Basic dXNlcjpwQHNz".to_owned());
        assert_eq!(parse("http://user:p%40ss@host:3000/prefix", None), (shown.clone(), basic));
        let bearer = Some("Bearer t0ken".to_owned());
        assert_eq!(parse("http://user:p%40ss@host:3000/prefix", Some("t0ken")), (shown, bearer));
        assert_eq!(parse("http://user@host", None).1.as_deref(), Some("Basic dXNlcjo="));
        assert_eq!(password_in("http://user:p%40ss@host"), Some("p@ss".into()));
        assert_eq!(password_in("http://host:3000/a:b@c"), None);
    }

    #[test]
    fn what_is_no_servers_url_is_shown_without_its_password() {
        for text in ["ftp://user:hush@host", "http//user:hush@host", "http://user:hu sh@host", "http://user:hush@"] {
            let Err(error) = ServerAddress::parse(text, None) else { continue };
            assert!(!error.to_string().contains("sh@"), "{error}");
        }
        assert!(ServerAddress::parse("http://user:hush@", None).is_err());
        assert!(ServerAddress::parse("http://host?query", None).is_err());
    }
}
