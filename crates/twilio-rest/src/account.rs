//! One account: its calls, and the requests that its conferences share with them.

mod conferences;

use bytes::Bytes;
use hyper::Uri;
use identity::{AccountSid, CallSid, Timestamp};

use crate::{BaseUrl, CallRecord, Client, Credentials, Error, Instruction, wire};

/// The calls and conferences of one account.
#[derive(Clone, Copy, Debug)]
pub struct Account<'a> {
    client: &'a Client,
    credentials: &'a Credentials,
    base: &'a BaseUrl,
}

/// Which calls are listed. Without any field: all.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct CallFilter {
    /// Only calls that began then or later.
    pub started_from: Option<Timestamp>,
    /// Only calls that began then or earlier.
    pub started_until: Option<Timestamp>,
    /// Only legs of this call.
    pub parent: Option<CallSid>,
}

/// The result of a listing.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Listing {
    /// The calls, in Twilio's order: newest first.
    pub calls: Vec<CallRecord>,
    /// The number of unreadable records, which are left out.
    pub unreadable: usize,
    /// Whether there were more pages than [`Account::MAX_PAGES`]: the oldest calls are missing.
    pub is_cut: bool,
}

impl Client {
    /// The calls and conferences of one account.
    pub const fn account<'a>(&'a self, credentials: &'a Credentials) -> Account<'a> {
        Account::new(self, credentials)
    }
}

impl<'a> Account<'a> {
    /// The most pages of one listing.
    pub const MAX_PAGES: usize = 100;

    /// Calls of one page. A record has about 1.5 kB, so a page stays far below
    /// [`Client::MAX_BYTES`]. Twilio allows up to 1000.
    pub const PAGE_SIZE: usize = 200;

    pub(crate) const fn new(client: &'a Client, credentials: &'a Credentials) -> Self {
        Self { client, credentials, base: client.base() }
    }

    /// The same account at another address than the client's: that of its region.
    #[must_use]
    pub const fn at(self, base: &'a BaseUrl) -> Self {
        Self { base, ..self }
    }

    /// Lists calls, page by page; each page has the full budget.
    ///
    /// Twilio documents the time filter only to the day, so calls outside of the filter are removed
    /// here.
    ///
    /// # Errors
    ///
    /// [`Error`]; the pages read before it are discarded.
    pub async fn calls(&self, filter: &CallFilter) -> Result<Listing, Error> {
        let mut listing = Listing::default();
        let mut next = Some(self.base.follow(&self.first_page(filter))?);
        for _ in 0..Self::MAX_PAGES {
            let Some(uri) = next.take() else { return Ok(listing) };
            let page = wire::page(&self.client.get(self.credentials, uri).await?)?;
            listing.unreadable += page.unreadable;
            listing.calls.extend(page.calls.into_iter().filter(|call| filter.holds(call)));
            next = page.next.map(|uri| self.base.follow(&uri)).transpose()?;
        }
        listing.is_cut = next.is_some();
        Ok(listing)
    }

    /// Lists the legs of a call.
    ///
    /// # Errors
    ///
    /// As [`Account::calls`].
    pub async fn legs(&self, parent: CallSid) -> Result<Listing, Error> {
        self.calls(&CallFilter { parent: Some(parent), ..CallFilter::default() }).await
    }

    /// Reads one call; `None` if the account has no such call.
    ///
    /// # Errors
    ///
    /// [`Error`]; also [`Error::Malformed`] if the answer is about another call.
    pub async fn call(&self, sid: CallSid) -> Result<Option<CallRecord>, Error> {
        match self.client.get(self.credentials, self.resource(sid)?).await {
            Ok(body) => same(sid, &body).map(Some),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Redirects or ends a running call.
    ///
    /// # Errors
    ///
    /// [`Error`]. If its kind is [`ErrorKind::Unsure`](crate::ErrorKind::Unsure), the request may have been executed; it is
    /// not retried.
    pub async fn update(&self, sid: CallSid, what: &Instruction) -> Result<CallRecord, Error> {
        let uri = self.resource(sid)?;
        let body = self.client.post(self.credentials, uri, &what.form()).await?;
        same(sid, &body)
    }

    const fn sid(&self) -> AccountSid {
        self.credentials.account()
    }

    async fn get(&self, path: &str) -> Result<Bytes, Error> {
        self.client.get(self.credentials, self.base.follow(path)?).await
    }

    async fn post(&self, path: &str, form: &[(&str, &str)]) -> Result<Bytes, Error> {
        self.client.post(self.credentials, self.base.follow(path)?, form).await
    }

    async fn delete(&self, path: &str) -> Result<(), Error> {
        self.client.delete(self.credentials, self.base.follow(path)?).await
    }

    fn resource(&self, sid: CallSid) -> Result<Uri, Error> {
        let path = format!("{VERSION}/{}/Calls/{sid}.json", self.credentials.account());
        self.base.follow(&path)
    }

    fn first_page(&self, filter: &CallFilter) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("PageSize", &Self::PAGE_SIZE.to_string());
        let second = |at: Timestamp| Timestamp::from_unix_seconds(at.unix_seconds()).to_string();
        // The name of the parameter ends with the comparison: `StartTime>=…`.
        if let Some(from) = filter.started_from {
            query.append_pair("StartTime>", &second(from));
        }
        if let Some(until) = filter.started_until {
            query.append_pair("StartTime<", &second(until));
        }
        if let Some(parent) = filter.parent {
            query.append_pair("ParentCallSid", parent.as_str());
        }
        format!("{VERSION}/{}/Calls.json?{}", self.credentials.account(), query.finish())
    }
}

impl CallFilter {
    /// Whether the filter selects a call. It always selects a call that has not begun.
    fn holds(&self, call: &CallRecord) -> bool {
        let seconds = |at: Option<Timestamp>| at.map(Timestamp::unix_seconds);
        let began = seconds(call.started_at);
        let late = seconds(self.started_from).is_none_or(|from| began.is_none_or(|at| at >= from));
        let early =
            seconds(self.started_until).is_none_or(|until| began.is_none_or(|at| at <= until));
        late && early && (self.parent.is_none() || call.parent == self.parent)
    }
}

/// Only accepts the requested call.
fn same(sid: CallSid, body: &[u8]) -> Result<CallRecord, Error> {
    let call = wire::call(body)?;
    if call.sid == sid { Ok(call) } else { Err(Error::Malformed { what: "call" }) }
}

const VERSION: &str = "/2010-04-01/Accounts";
