SELECT
  "event_id" AS "event_id",
  "occurred_at" AS "occurred_at",
  "kind" AS "kind",
  "account" AS "account",
  "amount_minor" AS "amount_minor",
  "currency" AS "currency"
FROM events
WHERE
  "kind" IN ('purchase')
