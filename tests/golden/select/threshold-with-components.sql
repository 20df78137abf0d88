SELECT
  "event_id" AS "event_id",
  "occurred_at" AS "occurred_at",
  "kind" AS "kind",
  "account" AS "account",
  "item" AS "item",
  "category" AS "category",
  "quantity" AS "quantity",
  "content" AS "content",
  "unit" AS "unit",
  "payment_method" AS "payment_method"
FROM events
WHERE
  "kind" IN ('purchase')
  AND (
    "item" IN (
      SELECT
        "value"
      FROM coincide_skus
    )
  )
  AND (
    "payment_method" = 'cash' OR CONTAINS("payment_method", '﷑')
  )
