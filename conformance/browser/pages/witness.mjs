// A script that tests add to a page, to record its use of the browser's devices.

/**
 * Runs in the page, before its own scripts. Every request still goes to the browser; it is only
 * recorded.
 */
export function witness() {
  const tracks = [];
  const sounds = new Set();
  const notices = [];
  let connection;
  let focused = 0;
  let asked = 0;

  const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = async (constraints) => {
    const stream = await open(constraints);
    tracks.push(...stream.getTracks());
    return stream;
  };
  globalThis.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(...given) {
      super(...given);
      connection = this;
    }
  };
  const play = HTMLMediaElement.prototype.play;
  HTMLMediaElement.prototype.play = function () {
    sounds.add(this);
    const played = play.call(this);
    // A test can see only messages without touching the page.
    played.catch(({ name }) => console.debug(`not played: ${name}`));
    return played;
  };
  globalThis.Notification = class extends Notification {
    constructor(title, options) {
      super(title, options);
      notices.push({ title, body: options.body, isOpen: true, click: () => this.dispatchEvent(new Event('click')) });
      this.kept = notices.at(-1);
    }
    static requestPermission() {
      asked += 1;
      return super.requestPermission();
    }
    close() {
      this.kept.isOpen = false;
      super.close();
    }
  };
  window.focus = () => (focused += 1);

  let ear;
  /** The strongest tone of a sound, and its level. */
  const listen = (sound) => {
    if (ear?.sound !== sound) ear = { sound, stream: sound.captureStream() };
    // The element does not exist until the page has loaded, and a reload makes a new one.
    const track = ear.stream.getAudioTracks().find(({ readyState }) => readyState === 'live');
    if (!track) return { hz: 0, level: -Infinity };
    if (ear.track !== track) {
      const context = new AudioContext();
      const node = new AnalyserNode(context, { fftSize: 4096, smoothingTimeConstant: 0 });
      context.createMediaStreamSource(new MediaStream([track])).connect(node);
      ear = { ...ear, track, node, bins: new Float32Array(node.frequencyBinCount) };
    }
    ear.node.getFloatFrequencyData(ear.bins);
    const level = Math.max(...ear.bins);
    return { hz: Math.round((ear.bins.indexOf(level) * ear.node.context.sampleRate) / ear.node.fftSize), level };
  };

  globalThis.witness = {
    /** Every microphone that was opened, the oldest first. */
    microphones: () => tracks.map(({ label, readyState }) => ({ label, isOpen: readyState === 'live' })),

    /** The microphone that the other end of the call hears. */
    speaksBy: () => connection?.getSenders()[0]?.track?.label ?? null,

    /** Whether the other end hears nothing, whatever the microphone hears. */
    isSilent: () => !connection.getSenders()[0].track.enabled,

    /** The loudspeakers that play the other end's sound. */
    async hearsBy() {
      const all = await navigator.mediaDevices.enumerateDevices();
      const name = (id) => all.find(({ kind, deviceId }) => kind === 'audiooutput' && deviceId === (id || 'default'))?.label ?? id;
      return [...sounds].filter(({ srcObject, paused }) => srcObject && !paused).map(({ sinkId }) => name(sinkId));
    },

    /** The ring tone: whether it plays, its position, its loudspeaker, and its sound. */
    async ring() {
      const sound = [...sounds].find(({ src }) => src.startsWith('blob:'));
      if (!sound) return null;
      const all = await navigator.mediaDevices.enumerateDevices();
      const { label } = all.find(({ kind, deviceId }) => kind === 'audiooutput' && deviceId === (sound.sinkId || 'default')) ?? {};
      return { isPlaying: !sound.paused, at: sound.currentTime, on: label ?? '', ...listen(sound) };
    },

    notices: () => notices.map(({ title, body, isOpen }) => ({ title, body, isOpen })),
    clickNotice: () => notices.at(-1).click(),
    /** How often the page asked for the permission to show notifications. */
    desktopAsked: () => asked,
    focused: () => focused,
  };
}
