// Every browser test. The order matters: the basics come first.
//
// `cargo xtask browser` sets up the stage and runs this file with Node's own test runner.

import './scenarios/registration.mjs';
import './scenarios/calls.mjs';
import './scenarios/rings.mjs';
import './scenarios/tones.mjs';
import './scenarios/recovery.mjs';
import './scenarios/twenty.mjs';
import './scenarios/console/softphone.mjs';
import './scenarios/console/devices.mjs';
import './scenarios/console/notices.mjs';
import './scenarios/console/keyboard.mjs';
import './scenarios/console/cards.mjs';
import './scenarios/console/kept.mjs';
import './scenarios/console/endings.mjs';
import './scenarios/console/ready.mjs';
import './scenarios/console/status.mjs';
import './scenarios/console/team.mjs';
import './scenarios/console/truth.mjs';
import './scenarios/console/records.mjs';
import './scenarios/console/access.mjs';
import './scenarios/console/embedding.mjs';
import './scenarios/console/story.mjs';
import './scenarios/console/health.mjs';
import './scenarios/console/network.mjs';
