use super::super::stage::Stage;
use crate::state::recording::RecordingStatus;
use crate::{Webhook, pcmu, wave};

fn message(path: &str, _: &Webhook) -> String {
    match path {
        "/voice" => "<Record playBeep=\"false\" action=\"/left\"/>".to_owned(),
        _ => String::new(),
    }
}

#[test]
fn the_file_holds_what_was_said_at_its_time() {
    let mut stage = Stage::new(message);
    let call = stage.calls(1);
    stage.pass(2);
    // 100 ms of sound at second two.
    stage.world.spoke(call, &[0x80; 800]);
    stage.pass(1);
    stage.world.press_key(call, '5');
    stage.settle();

    let recording = stage.world.recordings.values().next().unwrap();
    assert_eq!(recording.status, RecordingStatus::Completed);
    let sound = wave::read(&recording.wav()).unwrap();
    assert_eq!(sound.len(), 3 * pcmu::RATE);
    let loud: Vec<usize> = (0..sound.len()).filter(|at| sound[*at] == 0x80).collect();
    assert_eq!(loud.len(), 800);
    assert_eq!(loud[0], 2 * pcmu::RATE - 800, "it ends now");
    stage.world.spoke(call, &[0x80; 800]);
    let recording = stage.world.recordings.values().next().unwrap();
    assert_eq!(recording.wav().len(), 44 + 3 * pcmu::RATE, "nothing is added after the end");
}
