import { connect } from "../switchroom.js";
import { $ } from "./dom.js";
import { mountHeader } from "./header.js";
import { mountKeys } from "./keys.js";
import { mountLeave } from "./leave.js";
import { mountLog } from "./log/log.js";
import { mountNotices } from "./notify.js";
import { mountCards } from "./phone/cards.js";
import { mountDialler } from "./phone/dialler.js";
import { mountEnded } from "./phone/ended.js";
import { mountMicrophone } from "./phone/microphone.js";
import { mountSettings } from "./settings/settings.js";
import { signedIn, signOut } from "./sign-in.js";
import { mountBoard } from "./team/board.js";
import { mountCharts } from "./team/charts.js";
import { mountViews } from "./views.js";

const { workspace, session, onRenewed } = await signedIn();

$("sign-in").hidden = true;
$("app").hidden = false;
$("workspace").textContent = workspace;

const phone = connect({ baseUrl: location.origin, workspace, session });
onRenewed(() => phone.retry());
// The server does not know the workspace, or the agent in it: there is nothing to show.
phone.on("readiness", ({ code, text }) => {
  if (code !== "refused" || phone.agents.length > 0) return;
  phone.close();
  signOut(text);
});

mountHeader(phone);
mountCards(phone);
mountLeave(phone);
void mountMicrophone();
mountDialler(phone);
mountEnded(phone);
mountNotices(phone);
mountViews();
mountBoard(phone);
mountCharts(phone);
mountLog(phone);
mountKeys(phone);
mountSettings(phone, () => {
  phone.close();
  signOut();
});
