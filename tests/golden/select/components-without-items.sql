SELECT
  "event_id" AS "event_id",
  "occurred_at" AS "occurred_at",
  "kind" AS "kind",
  "account" AS "account",
  "item" AS "item",
  "category" AS "category"
FROM events
WHERE
  "kind" IN ('purchase') AND FALSE
