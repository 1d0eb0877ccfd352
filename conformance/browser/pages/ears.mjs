// A script that tests add to a page: a microphone that plays one tone, and an analyser of the
// received sound.

/**
 * Runs in the page, before its own scripts. The page's code stays as it is: only the microphone is
 * replaced, and the sound of the page's connections is analysed. Without a tone, the browser keeps
 * its own microphones.
 */
export function ears(hz) {
  let audio;
  const context = () => (audio ??= new AudioContext());
  const streams = [];
  let heard;

  const microphone = async () => {
    const tone = new OscillatorNode(context(), { frequency: hz });
    const sink = context().createMediaStreamDestination();
    tone.connect(new GainNode(context(), { gain: 0.5 })).connect(sink);
    tone.start();
    return sink.stream;
  };
  if (hz !== null) navigator.mediaDevices.getUserMedia = microphone;
  globalThis.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(...given) {
      super(...given);
      this.addEventListener('track', ({ track }) => streams.push(new MediaStream([track])));
    }
  };

  /** The strongest tone of the last connection, and its level. */
  globalThis.ears = () => {
    const stream = streams.at(-1);
    if (!stream) return null;
    if (heard?.stream !== stream) {
      const node = new AnalyserNode(context(), { fftSize: 8192, smoothingTimeConstant: 0 });
      new MediaStreamAudioSourceNode(context(), { mediaStream: stream }).connect(node);
      heard = { stream, node, bins: new Float32Array(node.frequencyBinCount) };
    }
    heard.node.getFloatFrequencyData(heard.bins);
    const level = Math.max(...heard.bins);
    const at = heard.bins.indexOf(level);
    return { hz: Math.round((at * context().sampleRate) / heard.node.fftSize), level: Math.round(level) };
  };
}
