SELECT
  "event_id" AS "event_id",
  "occurred_at" AS "occurred_at",
  "kind" AS "kind",
  "account" AS "account",
  "quantity" AS "quantity",
  "country" AS "country",
  "attributes.basket_size" AS "attributes.basket_size",
  "attributes.channel" AS "attributes.channel"
FROM events
WHERE
  "kind" IN ('purchase')
  AND (
    (
      "attributes.channel" = 'web' OR CONTAINS("attributes.channel", '﷑')
    )
    AND (
      "country" = 'FR' OR CONTAINS("country", '﷑')
    )
  )
