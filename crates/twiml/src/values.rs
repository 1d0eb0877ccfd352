//! The enumerations of the grammar.
//!
//! If several elements have the same values for the same thing, they share one type.

enumeration! {
    /// The HTTP method for a URL.
    Method {
        Get = "GET",
        Post = "POST",
    }
}

enumeration! {
    /// Steps in the life of a leg that `<Dial>` calls.
    ///
    /// Without a list Twilio reports `completed` alone.
    CallEvent {
        Initiated = "initiated",
        Ringing = "ringing",
        Answered = "answered",
        Completed = "completed",
    }
}

enumeration! {
    /// Who hears a beep when someone joins or leaves a conference.
    ConferenceBeep {
        True = "true",
        False = "false",
        OnEnter = "onEnter",
        OnExit = "onExit",
    }
}

enumeration! {
    /// What a conference reports; its webhooks carry longer names.
    ConferenceEvent {
        Start = "start",
        End = "end",
        Join = "join",
        Leave = "leave",
        Mute = "mute",
        Hold = "hold",
        Modify = "modify",
        Speaker = "speaker",
        Announcement = "announcement",
    }
}

enumeration! {
    /// The size of a conference's jitter buffer, which smooths a bad connection.
    JitterBufferSize {
        Large = "large",
        Medium = "medium",
        Small = "small",
        Off = "off",
    }
}

enumeration! {
    /// Whether a conference is recorded.
    ConferenceRecord {
        DoNotRecord = "do-not-record",
        RecordFromStart = "record-from-start",
    }
}

enumeration! {
    /// Where a conference is mixed; the first participant that names one decides.
    ConferenceRegion {
        Us1 = "us1",
        Us2 = "us2",
        Ie1 = "ie1",
        Sg1 = "sg1",
        Br1 = "br1",
        Au1 = "au1",
        Jp1 = "jp1",
        De1 = "de1",
    }
}

enumeration! {
    /// Steps in the life of a recording.
    RecordingEvent {
        InProgress = "in-progress",
        Completed = "completed",
        Absent = "absent",
    }
}

enumeration! {
    /// Which side is recorded.
    RecordingTrack {
        Inbound = "inbound",
        Outbound = "outbound",
        Both = "both",
    }
}

enumeration! {
    /// Whether both sides share a channel.
    RecordingChannels {
        Mono = "mono",
        Dual = "dual",
    }
}

enumeration! {
    /// Whether silence at the ends of a recording is trimmed.
    Trim {
        TrimSilence = "trim-silence",
        DoNotTrim = "do-not-trim",
    }
}

enumeration! {
    /// Which side of the call is sent.
    MediaTrack {
        InboundTrack = "inbound_track",
        OutboundTrack = "outbound_track",
        BothTracks = "both_tracks",
    }
}

enumeration! {
    /// The values of `<Dial events>`: in the official libraries, but undocumented.
    DialEvents {
        CallProgressEvent = "call-progress-event",
    }
}

enumeration! {
    /// From when on, and on how many channels, a dial is recorded.
    DialRecord {
        DoNotRecord = "do-not-record",
        RecordFromAnswer = "record-from-answer",
        RecordFromRinging = "record-from-ringing",
        RecordFromAnswerDual = "record-from-answer-dual",
        RecordFromRingingDual = "record-from-ringing-dual",
    }
}

enumeration! {
    /// The ring tone of a country.
    RingTone {
        At = "at",
        Au = "au",
        Bg = "bg",
        Br = "br",
        Be = "be",
        Ch = "ch",
        Cl = "cl",
        Cn = "cn",
        Cz = "cz",
        De = "de",
        Dk = "dk",
        Ee = "ee",
        Es = "es",
        Fi = "fi",
        Fr = "fr",
        Gr = "gr",
        Hu = "hu",
        Il = "il",
        In = "in",
        It = "it",
        Lt = "lt",
        Jp = "jp",
        Mx = "mx",
        My = "my",
        Nl = "nl",
        No = "no",
        Nz = "nz",
        Ph = "ph",
        Pl = "pl",
        Pt = "pt",
        Ru = "ru",
        Se = "se",
        Sg = "sg",
        Th = "th",
        Uk = "uk",
        Us = "us",
        UsOld = "us-old",
        Tw = "tw",
        Ve = "ve",
        Za = "za",
    }
}

enumeration! {
    /// Steps in the life of a call into a conversation.
    ConversationEvent {
        CallInitiated = "call-initiated",
        CallRinging = "call-ringing",
        CallAnswered = "call-answered",
        CallCompleted = "call-completed",
    }
}

enumeration! {
    /// From when on, and on how many channels, a conversation is recorded.
    ConversationRecord {
        DoNotRecord = "do-not-record",
        RecordFromAnswer = "record-from-answer",
        RecordFromRinging = "record-from-ringing",
        RecordFromAnswerDual = "record-from-answer-dual",
        RecordFromRingingDual = "record-from-ringing-dual",
        True = "true",
        False = "false",
    }
}

enumeration! {
    /// What `<Gather>` listens to.
    GatherInput {
        Dtmf = "dtmf",
        Speech = "speech",
    }
}

enumeration! {
    /// The kind of bank account for `<Pay>`.
    BankAccountType {
        ConsumerChecking = "consumer-checking",
        ConsumerSavings = "consumer-savings",
        CommercialChecking = "commercial-checking",
        CommercialSavings = "commercial-savings",
    }
}

enumeration! {
    /// How the caller enters payment details.
    PayInput {
        Dtmf = "dtmf",
    }
}

enumeration! {
    /// How the caller pays.
    PaymentMethod {
        AchDebit = "ach-debit",
        CreditCard = "credit-card",
    }
}

enumeration! {
    /// How long a payment token is valid.
    TokenType {
        OneTime = "one-time",
        Reusable = "reusable",
        PaymentMethod = "payment-method",
    }
}

enumeration! {
    /// A brand of payment card.
    CardType {
        Visa = "visa",
        Mastercard = "mastercard",
        Amex = "amex",
        Maestro = "maestro",
        Discover = "discover",
        Optima = "optima",
        Jcb = "jcb",
        DinersClub = "diners-club",
        Enroute = "enroute",
    }
}

enumeration! {
    /// What went wrong before a prompt is repeated.
    PromptError {
        Timeout = "timeout",
        InvalidCardNumber = "invalid-card-number",
        InvalidCardType = "invalid-card-type",
        InvalidDate = "invalid-date",
        InvalidSecurityCode = "invalid-security-code",
        InternalError = "internal-error",
        InputMatchingFailed = "input-matching-failed",
    }
}

enumeration! {
    /// What a prompt asks for.
    PromptFor {
        PaymentCardNumber = "payment-card-number",
        ExpirationDate = "expiration-date",
        SecurityCode = "security-code",
        PostalCode = "postal-code",
        PaymentProcessing = "payment-processing",
        BankAccountNumber = "bank-account-number",
        BankRoutingNumber = "bank-routing-number",
    }
}

enumeration! {
    /// What the caller of a rejected call hears.
    RejectReason {
        Rejected = "rejected",
        Busy = "busy",
    }
}

enumeration! {
    /// How long a pause of SSML is, in words.
    BreakStrength {
        None = "none",
        XWeak = "x-weak",
        Weak = "weak",
        Medium = "medium",
        Strong = "strong",
        XStrong = "x-strong",
    }
}

enumeration! {
    /// How strongly words are stressed.
    EmphasisLevel {
        Strong = "strong",
        Moderate = "moderate",
        Reduced = "reduced",
    }
}

enumeration! {
    /// The alphabet of a pronunciation.
    PhonemeAlphabet {
        Ipa = "ipa",
        XSampa = "x-sampa",
        XAmazonJyutping = "x-amazon-jyutping",
        XAmazonPinyin = "x-amazon-pinyin",
        XAmazonPronKana = "x-amazon-pron-kana",
        XAmazonYomigana = "x-amazon-yomigana",
    }
}

enumeration! {
    /// The order of a date's parts.
    SayAsFormat {
        Mdy = "mdy",
        Dmy = "dmy",
        Ymd = "ymd",
        Md = "md",
        Dm = "dm",
        Ym = "ym",
        My = "my",
        D = "d",
        M = "m",
        Y = "y",
        Yyyymmdd = "yyyymmdd",
    }
}

enumeration! {
    /// What spoken text means.
    InterpretAs {
        Characters = "characters",
        SpellOut = "spell-out",
        Cardinal = "cardinal",
        Number = "number",
        Ordinal = "ordinal",
        Digits = "digits",
        Fraction = "fraction",
        Unit = "unit",
        Date = "date",
        Time = "time",
        Address = "address",
        Expletive = "expletive",
        Telephone = "telephone",
    }
}
