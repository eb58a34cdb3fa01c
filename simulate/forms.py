"""Forms: filled in and sent, refused and sent again, or abandoned as planned.

Rule for abandonment: an input_change on a page view and no form_submit on that view. A view
therefore sees one form at most, either sent or abandoned.
"""

from gosight import events_pb2 as pb

from simulate.actions import View
from simulate.recorder import Recorder
from simulate.site import FORMS, Form
from simulate.wire import payload


def fill(rec: Recorder, form: Form, fields: int) -> int:
    """Click into and fill the first `fields` fields; returns the time of the first change."""
    first_change = 0
    for element in form.fields[:fields]:
        rec.pause(1_300, 3_000)
        drawn = rec.click(element)
        rec.pause(2, 20)
        rec.emit(pb.EVENT_TYPE_INPUT_FOCUS, drawn.focus)
        rec.pause(1_200, 6_000)
        secret = ("type", "password") in element.attributes
        length = 3 + int(rec.rng.random() * 20)
        rec.emit(pb.EVENT_TYPE_INPUT_CHANGE, element.typed(rec.viewport[0], length, masked=secret))
        first_change = first_change or rec.now
        if rec.rng.random() < 0.3:
            rec.pause(1, 40)
            rec.emit(pb.EVENT_TYPE_INPUT_BLUR, drawn.focus)
    return first_change


def send(rec: Recorder, form: Form, since: int, *, success: bool) -> None:
    """Press the form's button; the page tells the outcome within the second."""
    rec.pause(1_300, 2_500)
    rec.click(form.button)
    rec.pause(5, 60)
    method, endpoint = form.endpoint
    duration = 60 + int(rec.rng.random() * 700)
    rec.request(method, endpoint, 200 if success else 422, duration)
    rec.now += duration + 1
    submit = pb.FormSubmitPayload(
        form_id=form.id,
        form_name=form.id.title(),
        success=success,
        time_to_complete_ms=rec.now - since,
        field_count=len(form.fields),
    )
    rec.emit(pb.EVENT_TYPE_FORM_SUBMIT, payload(submit))
    if success:
        rec.truth.forms.add("sent")
    rec.submits_on_step += 1


def use(rec: Recorder, view: View, name: str) -> None:
    """Fill in the form and send it; one in five is refused first, a third of these give up."""
    form = FORMS[name]
    view.form_used = True
    rec.pause(1_300, 4_000)
    since = rec.now
    _start(rec, form)
    fill(rec, form, len(form.fields))
    if rec.rng.random() < 0.2:
        send(rec, form, since, success=False)
        rec.pause(5, 80)
        refused = pb.FormSubmitPayload(form_id=form.id)
        rec.emit(pb.EVENT_TYPE_FORM_ERROR, payload(refused))
        if rec.rng.random() < 0.33:
            return
        fill(rec, form, 1)
        rec.truth.forms.add("refilled")
    send(rec, form, since, success=True)
    if name == "login" and rec.visitor.identifies and not rec.truth.user_id:
        rec.pause(5, 50)
        rec.identify()


def abandon(rec: Recorder, view: View, name: str) -> None:
    """Fill in some of the form and never send it."""
    form = FORMS[name]
    view.form_used = True
    rec.pause(1_300, 4_000)
    _start(rec, form)
    changed_at = fill(rec, form, 1 + int(rec.rng.random() * len(form.fields)))
    rec.plan("form_abandonment", changed_at)
    if rec.rng.random() < 0.4:
        rec.pause(1_000, 9_000)
        left = pb.FormSubmitPayload(form_id=form.id)
        rec.emit(pb.EVENT_TYPE_FORM_ABANDON, payload(left))


def _start(rec: Recorder, form: Form) -> None:
    rec.truth.forms.add("started")
    if rec.rng.random() < 0.5:
        begun = pb.FormSubmitPayload(form_id=form.id)
        rec.emit(pb.EVENT_TYPE_FORM_START, payload(begun))
