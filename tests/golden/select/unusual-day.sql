SELECT
  "event_id" AS "event_id",
  "occurred_at" AS "occurred_at",
  "kind" AS "kind",
  "account" AS "account",
  "place" AS "place",
  "line" AS "line",
  "vehicle" AS "vehicle",
  "device" AS "device",
  "action" AS "action",
  "product" AS "product",
  "ends_at" AS "ends_at"
FROM events
WHERE
  "kind" IN ('incident', 'tap')
