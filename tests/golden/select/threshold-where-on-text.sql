SELECT
  "event_id" AS "event_id",
  "occurred_at" AS "occurred_at",
  "kind" AS "kind",
  "account" AS "account",
  "organisation" AS "organisation",
  "quantity" AS "quantity",
  "payment_method" AS "payment_method",
  "country" AS "country",
  "place" AS "place"
FROM events
WHERE
  "kind" IN ('purchase') AND (
    "country" = 'FR' OR CONTAINS("country", '﷑')
  )
