"""The signs inside shapes: what kind of task, event or gateway it is; styled by classes alone."""

# Tasks: drawn in an 18 × 18 square from its upper left corner.
TASK_SIGNS = {
    "userTask": '<circle cx="9" cy="5.5" r="3.3"/>'
    '<path d="M2.5 16.5v-2.2c0-2.6 2.4-4.3 6.5-4.3s6.5 1.7 6.5 4.3v2.2z"/>',
    "manualTask": '<path d="M2.5 9.5l5-5 2.2.6-2.6 2.9h8.4v2h-5.4v.7h4.6v1.9h-4.6v.6h3.8v1.9H6z"/>',
    "serviceTask": '<circle cx="9" cy="9" r="2.4"/><circle cx="9" cy="9" r="5"/>'
    '<path d="M9 1.6V4M9 14v2.4M1.6 9H4M14 9h2.4'
    'M3.8 3.8l1.7 1.7M12.5 12.5l1.7 1.7M14.2 3.8l-1.7 1.7M5.5 12.5l-1.7 1.7"/>',
    "scriptTask": '<path d="M5.5 2.5h9c-3.2 2.6-.2 4.6-.4 6.8-.2 2.3-1.3 3.8-2.6 5.2h-9'
    "c3.2-2.6.2-4.6.4-6.8.2-2.3 1.3-3.8 2.6-5.2z"
    'M6 5.8h5M5.6 8.6h5.6M6 11.4h5"/>',
    "sendTask": '<path class="bp-full" d="M2 4h14v10H2z"/><path class="bp-on-full" d="M2 4.5l7 5.5 7-5.5"/>',
    "receiveTask": '<path d="M2 4h14v10H2zM2 4l7 6 7-6"/>',
    "businessRuleTask": '<path d="M2 3.5h14v11H2zM2 7h14M2 10.8h14M6.6 7v7.5"/>',
}

# Events: about (0, 0) in a circle of radius 18. {full} becomes " bp-full" where the event throws.
_ENVELOPE = '<path class="bp-sign" d="M-8.5-6h17V6h-17zM-8.5-6L0 1l8.5-7"/>'
_FULL_ENVELOPE = (
    '<path class="bp-sign bp-full" d="M-8.5-6h17V6h-17z"/><path class="bp-on-full" d="M-8.5-5.5L0 1l8.5-6.5"/>'
)
_CLOCK = (
    '<circle class="bp-sign" r="10.4"/>'
    '<path class="bp-sign" d="M0-6.8V0l4.6 2.7M0-10.4v2.1M0 10.4V8.3M-10.4 0h2.1M10.4 0H8.3"/>'
)
EVENT_SIGNS = {
    "messageEventDefinition": (_ENVELOPE, _FULL_ENVELOPE),
    "timerEventDefinition": (_CLOCK, _CLOCK),
    "errorEventDefinition": ('<path class="bp-sign{full}" d="M-8.5 7.5l4.7-15L2 1.5l6.5-9-4.7 15L-2-1.5z"/>',) * 2,
    "signalEventDefinition": ('<path class="bp-sign{full}" d="M0-8.5L8.5 6h-17z"/>',) * 2,
    "escalationEventDefinition": ('<path class="bp-sign{full}" d="M0-9l6.5 17L0 2l-6.5 6z"/>',) * 2,
    "conditionalEventDefinition": (
        '<path class="bp-sign" d="M-6-8H6V8H-6zM-3.5-4.5h7M-3.5-1.5h7M-3.5 1.5h7M-3.5 4.5h7"/>',
    )
    * 2,
    "compensateEventDefinition": ('<path class="bp-sign{full}" d="M-8.5 0L0-6V6zM0 0l8.5-6V6z"/>',) * 2,
    "linkEventDefinition": ('<path class="bp-sign{full}" d="M-8-3.5h8V-7L8 0 0 7V3.5h-8z"/>',) * 2,
    "cancelEventDefinition": ('<path class="bp-sign{full}" d="M-8-5l3-3 5 5 5-5 3 3-5 5 5 5-3 3-5-5-5 5-3-3 5-5z"/>',)
    * 2,
    "terminateEventDefinition": ('<circle class="bp-sign bp-full" r="10"/>',) * 2,
}

# Gateways: about (0, 0) in a diamond of 50.
GATEWAY_SIGNS = {
    "exclusiveGateway": '<path class="bp-mark" d="M-7-7L7 7M7-7L-7 7"/>',
    "parallelGateway": '<path class="bp-mark" d="M-10 0h20M0-10v20"/>',
    "inclusiveGateway": '<circle class="bp-mark" r="10"/>',
    "eventBasedGateway": '<circle class="bp-sign" r="13.5"/><circle class="bp-sign" r="10.8"/>'
    '<path class="bp-sign" d="M0-7l6.7 4.8-2.6 7.9h-8.2l-2.6-7.9z"/>',
    "complexGateway": '<path class="bp-mark" d="M-10 0h20M0-10v20M-7-7L7 7M7-7L-7 7"/>',
}

# Badges: heat has a shape of its own beside its colour, as lights have everywhere: circle, triangle, square.
HEAT_SIGNS = {
    1: '<circle class="bp-light" r="4"/>',
    2: '<path class="bp-light" d="M0-4.5L4.8 4h-9.6z"/>',
    3: '<path class="bp-light" d="M0-4.5L4.8 4h-9.6z"/>',
    4: '<path class="bp-light" d="M-4-4h8v8h-8z"/>',
}
STOP_SIGN = '<path class="bp-light" d="M-2-5h4l3 3v4l-3 3h-4l-3-3v-4z"/>'
TICK = '<circle r="9"/><path d="M-4 0l3 3.2L4.4-3.2"/>'
EXPAND_SIGN = '<path class="bp-sign" d="M-7-7H7V7H-7zM0-4v8M-4 0h8"/>'
PARALLEL_SIGN = '<path class="bp-sign" d="M-4-6V6M0-6V6M4-6V6"/>'
SEQUENTIAL_SIGN = '<path class="bp-sign" d="M-6-4H6M-6 0H6M-6 4H6"/>'
LOOP_SIGN = '<path class="bp-sign" d="M-2 5.5A5.8 5.8 0 1 1 2.5 5.3M-5.5 6.2L-2 5.5-3 2"/>'
