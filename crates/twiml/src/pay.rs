//! `<Pay>` and its prompts.

use crate::{
    BankAccountType, CardType, GatherPrompt, Method, Parameter, Pause, PayInput, PayLanguage,
    PaymentMethod, Play, PromptError, PromptFor, Say, TokenType,
};

element! {
    /// Takes a payment by the keys of the phone.
    Pay = "Pay": children PayNoun {
        /// The URL that gets the result.
        action: text = "action",
        /// The kind of bank account.
        bank_account_type: one BankAccountType = "bankAccountType",
        /// How much, such as `9.90`.
        charge_amount: text = "chargeAmount",
        /// The currency, such as `eur`.
        currency: text = "currency",
        /// What is paid for.
        description: text = "description",
        /// How the details are entered.
        input: one PayInput = "input",
        /// The language of the prompts.
        language: open PayLanguage = "language",
        /// How often the caller may try.
        max_attempts: int = "maxAttempts",
        /// The fewest characters of a postal code.
        min_postal_code_length: int = "minPostalCodeLength",
        /// The connector to the payment service.
        payment_connector: text = "paymentConnector",
        /// How the caller pays.
        payment_method: one PaymentMethod = "paymentMethod",
        /// Whether a postal code is asked for (`true`, `false`), or the code itself.
        postal_code: text = "postalCode",
        /// Whether the security code is asked for.
        security_code: bool = "securityCode",
        /// The URL notified of each step.
        status_callback: text = "statusCallback",
        /// The HTTP method for `status_callback`.
        status_callback_method: one Method = "statusCallbackMethod",
        /// How long Twilio waits for the next key, in whole seconds.
        timeout: seconds = "timeout",
        /// How long the token is valid.
        token_type: one TokenType = "tokenType",
        /// The accepted card brands.
        valid_card_types: list CardType = "validCardTypes",
    }
}

children! {
    /// The content of a [`Pay`].
    PayNoun { Parameter, Prompt }
}

adders! { Pay { parameter: Parameter, prompt: Prompt } }
blank! { Pay, Prompt }

impl<'a> Pay<'a> {
    /// Parameters and prompts, in their order.
    pub fn parts(&self) -> &[PayNoun<'a>] {
        &self.content.0
    }
}

element! {
    /// What the caller hears at one step of a payment.
    Prompt = "Prompt": children GatherPrompt {
        /// For which attempts.
        attempt: ints = "attempt",
        /// For which brands.
        card_type: list CardType = "cardType",
        /// After which errors.
        error_type: list PromptError = "errorType",
        /// For which step.
        prompt_for: one PromptFor = "for",
        /// Whether the caller enters everything twice.
        require_matching_inputs: bool = "requireMatchingInputs",
    }
}

adders! { Prompt { pause: Pause, play: Play, say: Say } }

impl<'a> Prompt<'a> {
    /// What the caller hears, in its order.
    pub fn prompts(&self) -> &[GatherPrompt<'a>] {
        &self.content.0
    }
}
