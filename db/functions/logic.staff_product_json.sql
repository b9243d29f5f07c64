create function logic.staff_product_json(product_id uuid) returns json
language plpgsql stable set search_path = '' as $$
begin
  return (
    select json_build_object(
      'id', p.id, 'name', p.name, 'slug', p.slug, 'description', p.description, 'sku', p.sku, 'brand', p.brand,
      'category_id', p.category_id, 'price', logic.money(p.price), 'compare_price', logic.money(p.compare_price),
      'cost_price', logic.money(i.cost_price), 'stock_quantity', p.stock_quantity, 'is_in_stock', p.is_in_stock,
      'low_stock_threshold', i.low_stock_threshold, 'is_low_stock', i.is_low_stock, 'is_featured', p.is_featured,
      'is_active', p.is_active, 'barcode', p.barcode, 'weight', p.weight, 'length', p.length, 'width', p.width,
      'height', p.height, 'meta_title', p.meta_title, 'meta_description', p.meta_description,
      'created_at', p.created_at, 'updated_at', p.updated_at
    )
    from api.products p join api.product_internals i on i.id = p.id
    where p.id = staff_product_json.product_id
  );
end;
$$;
comment on function logic.staff_product_json is 'A product as /api/v1 shows it to those who edit it.';
grant execute on function logic.staff_product_json to staff;
