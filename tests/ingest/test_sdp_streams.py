import pytest
from sdp_corpus import changed, negotiated, offer

from edge.ingest.sdp_negotiate import VideoPreferences

MID = "urn:ietf:params:rtp-hdrext:sdes:mid"
V = "a=mid:v"


def test_extensions_keep_the_ids_of_the_offer():
    video = negotiated(offer("chromium_156")).video.extensions
    assert (video.mid, video.rid, video.repaired_rid, video.transport_cc) == (4, 10, 11, 3)
    audio = negotiated(offer("chromium_156")).audio.extensions
    assert (audio.mid, audio.rid, audio.transport_cc) == (4, None, 3)


def test_video_orientation_is_not_accepted_so_that_browsers_turn_the_picture_themselves():
    assert not any("orientation" in line for line in negotiated(offer("safari_18")).video.extensions.lines)


def test_absolute_send_time_is_accepted_on_demand():
    assert negotiated(offer("chromium_156")).video.extensions.abs_send_time is None
    asked = negotiated(offer("chromium_156"), video=VideoPreferences(absolute_send_time=True))
    assert asked.video.extensions.abs_send_time == 2


def test_an_extension_that_the_client_only_receives_is_not_for_us():
    text = changed((V, f"{V}\na=extmap:3/recvonly {MID}"))
    assert negotiated(text).video.extensions.mid is None


def test_an_extension_with_a_direction_is_answered_with_the_other():
    text = changed((V, f"{V}\na=extmap:3/sendonly {MID} some attributes"))
    assert negotiated(text).video.extensions.mid == 3
    assert negotiated(text).video.extensions.lines == (f"3/recvonly {MID}",)


def test_an_extension_of_the_session_holds_for_its_sections():
    assert negotiated(changed(("t=0 0", f"t=0 0\na=extmap:7 {MID}"))).video.extensions.mid == 7


@pytest.mark.parametrize("value", [f"0 {MID}", f"256 {MID}", f"x {MID}", "4", f"4096 {MID}"])
def test_an_id_that_cannot_be_sent_is_passed_over(value):
    assert negotiated(changed((V, f"{V}\na=extmap:{value}"))).video.extensions.mid is None


def test_one_id_is_not_given_twice():
    rid = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"
    extensions = negotiated(changed((V, f"{V}\na=extmap:4 {MID}\na=extmap:4 {rid}"))).video.extensions
    assert (extensions.mid, extensions.rid) == (4, None)


def test_obs_simulcast_takes_every_layer_and_uses_the_first():
    video = negotiated(offer("obs_32_simulcast")).video
    assert video.rids == ("0", "1", "2")
    assert video.rid == "0"
    assert video.simulcast


def test_browser_simulcast_uses_the_full_layer_wherever_it_stands():
    both = negotiated(offer("chromium_156_simulcast"))
    assert both.rids == ("q", "h", "f")
    assert both.video.rid == "f"


def test_limits_on_layers_tell_which_is_the_largest():
    layers = "a=rid:a send max-width=640;max-height=360\na=rid:b send pt=96;max-width=1920;max-height=1080\na=rid:c send max-width=320"
    assert negotiated(changed((V, f"{V}\n{layers}\na=simulcast:send a;b;c"))).video.rid == "b"


def test_of_alternative_layers_the_first_is_taken_and_paused_ones_too():
    text = changed((V, f"{V}\na=rid:a send\na=rid:b send\na=rid:c send\na=simulcast:recv x send a,b;~c"))
    assert negotiated(text).rids == ("a", "c")


def test_the_draft_syntax_of_old_firefox_is_understood():
    assert negotiated(changed((V, f"{V}\na=simulcast: send rid=a;b"))).rids == ("a", "b")


def test_one_rid_without_simulcast_is_accepted_without_simulcast():
    video = negotiated(changed((V, f"{V}\na=rid:only send"))).video
    assert (video.rids, video.rid, video.simulcast) == (("only",), "only", False)


def test_layers_that_the_client_receives_or_that_are_no_tokens_do_not_count():
    text = changed((V, f"{V}\na=rid:a recv\na=rid\na=simulcast:send <x>;b;b"))
    assert negotiated(text).rids == ("b",)
    assert negotiated(changed()).video.rid is None


def test_the_number_of_layers_is_bounded():
    many = ";".join(f"r{number}" for number in range(50))
    assert len(negotiated(changed((V, f"{V}\na=simulcast:send {many}"))).rids) == 8


def test_ssrcs_and_their_retransmissions():
    video = negotiated(offer("chromium_156")).video
    assert video.ssrcs == (953544299,)
    assert video.rtx_ssrcs == {953544299: 2834470877}
    assert negotiated(offer("chromium_156_simulcast")).video.ssrcs == ()


def test_ffmpeg_groups_an_ssrc_that_it_does_not_list():
    video = negotiated(offer("ffmpeg_8_1")).video
    assert video.ssrcs == (1880916837,)
    assert video.rtx_ssrcs == {1880916837: 1880916838}


def test_what_is_no_ssrc_is_passed_over():
    text = changed(
        (
            V,
            f"{V}\na=ssrc:x cname:y\na=ssrc:4294967296 a\na=ssrc\na=ssrc:7 a:b\na=ssrc-group:FID 7\na=ssrc-group:SIM 7 8",
        )
    )
    video = negotiated(text).video
    assert (video.ssrcs, video.rtx_ssrcs) == ((7,), {})
