create function logic.product_fields() returns jsonb
language sql immutable
return '{
  "name": "text", "slug": "text", "description": "text", "category_id": "uuid", "category": "uuid", "brand": "text",
  "price": "money", "compare_price": "money", "cost_price": "money", "sku": "text", "stock_quantity": "integer",
  "is_featured": "boolean", "is_active": "boolean", "barcode": "text", "weight": "number", "length": "number",
  "width": "number", "height": "number", "meta_title": "text", "meta_description": "text",
  "low_stock_threshold": "integer"
}'::jsonb;
comment on function logic.product_fields is 'What staff may say of a product, as logic.check_body reads it.';
grant execute on function logic.product_fields to staff;
