//! `multipart/form-data` (RFC 7578): its fields, without files.

/// The fields of a body, in their order. A part without a name, and a file, is left out.
pub(super) fn fields(content_type: Option<&str>, body: &[u8]) -> Vec<(String, String)> {
    let Some(boundary) = content_type.and_then(|whole| parameter(whole, "boundary")) else {
        return Vec::new();
    };
    let text = String::from_utf8_lossy(body);
    let delimiter = format!("\r\n--{boundary}");
    // The first delimiter has no line before it.
    let whole = format!("\r\n{text}");
    whole
        .split(&*delimiter)
        .skip(1)
        .take_while(|part| !part.starts_with("--"))
        .filter_map(field)
        .collect()
}

/// One part: the rest of the delimiter's line, headers, an empty line, the value.
fn field(part: &str) -> Option<(String, String)> {
    let (head, value) = part.split_once("\r\n\r\n")?;
    let is_disposition =
        |line: &&str| line.to_ascii_lowercase().starts_with("content-disposition:");
    let disposition = head.split("\r\n").find(is_disposition)?;
    if parameter(disposition, "filename").is_some() {
        return None;
    }
    Some((parameter(disposition, "name")?, value.to_owned()))
}

/// A parameter of a header, with or without quotation marks.
fn parameter(header: &str, name: &str) -> Option<String> {
    header.split(';').skip(1).find_map(|part| {
        let (key, value) = part.split_once('=')?;
        let value = value.trim().trim_matches('"');
        key.trim().eq_ignore_ascii_case(name).then(|| value.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::fields;

    #[test]
    fn reads_the_fields_of_a_form() {
        let part = |head: &str, value: &str| format!("--xx\r\n{head}\r\n\r\n{value}\r\n");
        let body = [
            part("Content-Disposition: form-data; name=\"To\"", "+15005557777"),
            part("content-disposition: form-data; name=Twiml\r\nX: y", "<Response>\r\n</Response>"),
            part("Content-Disposition: form-data; name=\"f\"; filename=\"a\"", "a file"),
            part("Content-Type: text/plain", "no name"),
            "--xx--\r\nafterwards".to_owned(),
        ];
        let got = fields(Some("multipart/form-data; boundary=\"xx\""), body.concat().as_bytes());
        let want = [("To", "+15005557777"), ("Twiml", "<Response>\r\n</Response>")];
        assert_eq!(got, want.map(|(name, value)| (name.to_owned(), value.to_owned())));
        assert_eq!(fields(Some("multipart/form-data"), body.concat().as_bytes()), []);
        assert_eq!(fields(Some("multipart/form-data; boundary=yy"), b"--xx"), []);
    }
}
