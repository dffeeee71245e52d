-- Up to where the heads of timelines were written outside this database, and how that goes. What was written is outside; a
-- place that lacks what stands here was changed.

CREATE TABLE timeline_anchors (
  place      text NOT NULL CHECK (place IN ('file', 'webhook')),
  chain      uuid NOT NULL,
  seq        bigint NOT NULL,
  hash       text NOT NULL,
  written_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (place, chain)
);

CREATE TABLE timeline_anchor_places (
  place      text PRIMARY KEY CHECK (place IN ('file', 'webhook')),
  tried_at   timestamptz NOT NULL,
  problem    text -- null: the last time went well
);
