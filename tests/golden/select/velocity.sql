SELECT
  "event_id" AS "event_id",
  "occurred_at" AS "occurred_at",
  "kind" AS "kind",
  "account" AS "account"
FROM events
WHERE
  "kind" IN ('purchase')
