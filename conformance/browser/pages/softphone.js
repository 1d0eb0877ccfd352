// An agent's page with the unchanged Voice SDK from the registry, and no code of ours in between.
//
// The microphone plays a steady tone, so that the other end can tell who it hears. The received sound
// is analysed for its strongest tone. Tests read `softphone.state()` and `softphone.events`.

'use strict';

/* global Twilio */

(() => {
  const events = [];
  let device;
  let call;
  let settings;
  let audio;
  let analysed;

  const note = (what, more = {}) => {
    events.push({ at: Date.now(), what, ...more });
    const told = document.querySelector('#told');
    if (told) told.textContent += `${what} ${JSON.stringify(more)}\n`;
  };
  const sid = (call) => call.parameters.CallSid;
  const ringing = () => device?.calls.filter((call) => call.status() === 'pending') ?? [];

  /** An access token of the server, for the agent's own identity. */
  async function token() {
    const path = `/api/workspaces/${settings.workspace}/token?identity=${settings.identity}`;
    const answer = await fetch(path, { headers: { authorization: `Bearer ${settings.session}` } });
    if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
    return (await answer.json()).token;
  }

  /** A microphone that hears one tone. */
  async function microphone() {
    const tone = new OscillatorNode(audio, { frequency: settings.hz });
    const sink = audio.createMediaStreamDestination();
    tone.connect(new GainNode(audio, { gain: 0.5 })).connect(sink);
    tone.start();
    return sink.stream;
  }

  /** A tenth of a second of silence: the SDK would fetch its sounds from elsewhere. */
  function silence() {
    const samples = 800;
    const view = new DataView(new ArrayBuffer(44 + samples));
    const text = (at, word) => [...word].forEach((c, i) => view.setUint8(at + i, c.charCodeAt(0)));
    text(0, 'RIFF');
    view.setUint32(4, 36 + samples, true);
    text(8, 'WAVEfmt ');
    view.setUint32(16, 16, true);
    view.setUint16(20, 1, true);
    view.setUint16(22, 1, true);
    view.setUint32(24, 8000, true);
    view.setUint32(28, 8000, true);
    view.setUint16(32, 1, true);
    view.setUint16(34, 8, true);
    text(36, 'data');
    view.setUint32(40, samples, true);
    new Uint8Array(view.buffer, 44).fill(128);
    return `data:audio/wav;base64,${btoa(String.fromCharCode(...new Uint8Array(view.buffer)))}`;
  }

  /** Records every event of the SDK about a call. */
  function follow(next, direction) {
    const names = ['accept', 'cancel', 'reject', 'disconnect', 'ringing', 'reconnecting', 'reconnected', 'transportClose'];
    for (const name of names) {
      next.on(name, (detail) => note(name, { sid: sid(next), direction, code: detail?.code }));
    }
    next.on('error', (error) => note('call error', { sid: sid(next), code: error.code, message: error.message }));
    next.on('sample', (sample) => {
      next.heard = { packets: sample.totals.packetsReceived, sent: sample.totals.packetsSent, level: sample.audioOutputLevel };
    });
    next.on('accept', () => (call = next));
  }

  /** The strongest tone in the call's sound, and its level. */
  function heard() {
    const stream = call?.getRemoteStream?.();
    if (!stream || call.status() !== 'open') return null;
    if (analysed?.stream !== stream) {
      const node = new AnalyserNode(audio, { fftSize: 8192, smoothingTimeConstant: 0 });
      new MediaStreamAudioSourceNode(audio, { mediaStream: stream }).connect(node);
      analysed = { stream, node, bins: new Float32Array(node.frequencyBinCount) };
    }
    analysed.node.getFloatFrequencyData(analysed.bins);
    const level = Math.max(...analysed.bins);
    const hz = (analysed.bins.indexOf(level) * audio.sampleRate) / analysed.node.fftSize;
    return { hz: Math.round(hz), level: Math.round(level), ...call.heard };
  }

  window.softphone = {
    events,
    token,

    /** Opens the device and registers it, with the server's token or one of the test. */
    async start(given) {
      settings = given;
      audio = new AudioContext();
      const sound = silence();
      const names = ['incoming', 'outgoing', 'disconnect', 'dtmfs', 'dtmfh', ...[...'0123456789'].map((d) => `dtmf${d}`)];
      device = new Twilio.Device(given.token ?? (await token()), {
        chunderw: given.signalling,
        publishEvents: false,
        logLevel: 'error',
        getUserMedia: microphone,
        sounds: Object.fromEntries(names.map((name) => [name, sound])),
        enableImprovedSignalingErrorPrecision: true,
        ...given.options,
      });
      for (const name of ['registering', 'registered', 'unregistered', 'tokenWillExpire']) {
        device.on(name, () => note(name));
      }
      device.on('error', (error) => note('error', { code: error.code, message: error.message }));
      device.on('incoming', (incoming) => {
        note('incoming', { sid: sid(incoming), from: incoming.parameters.From });
        follow(incoming, 'in');
      });
      // Errors come as events.
      device.register().catch(() => {});
    },

    /** The current state. */
    state() {
      return {
        device: device?.state,
        ringing: ringing().map((it) => ({
          sid: sid(it),
          from: it.parameters.From,
          params: Object.fromEntries(it.customParameters),
        })),
        call: call && { sid: sid(call), status: call.status() },
        heard: heard(),
      };
    },

    answer: () => ringing()[0].accept(),
    decline: () => ringing()[0].reject(),
    hangUp: () => device.disconnectAll(),
    press: (digits) => call.sendDigits(digits),

    /** Calls out. */
    async connect(params) {
      call = await device.connect({ params });
      follow(call, 'out');
    },

    /** Replaces the token by a new one of the server. */
    async refresh() {
      device.updateToken(await token());
    },
  };
})();
