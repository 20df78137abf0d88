SELECT
  "event_id" AS "event_id",
  "occurred_at" AS "occurred_at",
  "kind" AS "kind",
  "account" AS "account",
  "quantity" AS "quantity",
  "amount_minor" AS "amount_minor",
  "riders" AS "riders"
FROM events
WHERE
  "kind" IN ('purchase')
