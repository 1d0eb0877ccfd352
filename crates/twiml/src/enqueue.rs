//! Queues.

use alloc::borrow::Cow;

use crate::text::{at_most, required};
use crate::{BuildError, Method, Text};

element! {
    /// Lets the caller wait in a queue.
    Enqueue = "Enqueue": text_or EnqueueNoun {
        /// The URL that Twilio requests when the caller leaves the queue.
        action: text = "action",
        /// How many callers may wait.
        max_queue_size: int = "maxQueueSize",
        /// The HTTP method for `action`.
        method: one Method = "method",
        /// What the caller hears meanwhile; silence if empty.
        wait_url: text = "waitUrl",
        /// The HTTP method for `wait_url`.
        wait_url_method: one Method = "waitUrlMethod",
        /// The workflow of `TaskRouter` that takes the call.
        workflow_sid: text = "workflowSid",
    }
}

children! {
    /// The content of an [`Enqueue`].
    EnqueueNoun { Task }
}

adders! { Enqueue { task: Task } }

impl<'a> Enqueue<'a> {
    /// The most characters of a queue's name.
    pub const MAX_NAME: usize = 64;

    /// In the queue of this name, which is created if it does not exist.
    ///
    /// # Errors
    ///
    /// [`BuildError::Empty`] or [`BuildError::Length`] for the name, [`BuildError::Unwritable`] if
    /// XML cannot carry it.
    pub fn new(name: impl Into<Cow<'a, str>>) -> Result<Self, BuildError> {
        let mut enqueue = Self::BLANK;
        let name = required(name, QUEUE)?;
        enqueue.content.text = Some(at_most(name.into(), QUEUE, Self::MAX_NAME)?);
        Ok(enqueue)
    }

    /// With a workflow of `TaskRouter` (`WW…`).
    pub fn workflow(sid: impl Into<Text<'a>>) -> Self {
        Self::BLANK.workflow_sid(sid)
    }

    /// The queue's name, without blanks around it.
    pub fn name(&self) -> Option<&str> {
        self.content.text.as_ref().map(|name| name.as_str().trim())
    }

    /// The content of the element besides the name.
    pub fn parts(&self) -> &[EnqueueNoun<'a>] {
        &self.content.children.0
    }
}

element! {
    /// The task that `TaskRouter` makes of a call.
    Task = "Task": leaf {
        /// The priority: higher values come first.
        priority: int = "priority",
        /// How long the task may wait, in whole seconds.
        timeout: seconds = "timeout",
    }
}

leaf! { Task, attributes_json, "task attributes", "The attributes of the task, a JSON object." }

element! {
    /// A queue: the dial connects to its first caller.
    Queue = "Queue": leaf {
        /// The HTTP method for `url`.
        method: one Method = "method",
        /// The activity of the worker afterwards.
        post_work_activity_sid: text = "postWorkActivitySid",
        /// The reservation of `TaskRouter`.
        reservation_sid: text = "reservationSid",
        /// What the waiting caller hears before the bridge.
        url: text = "url",
    }
}

leaf! { Queue, name, "queue name", "The queue's name." }

const QUEUE: &str = "queue name";
