create function logic.totals(
  customer_id uuid, goods numeric, coupon text,
  out promotion_id uuid, out coupon_code text, out discount numeric, out tax numeric, out shipping numeric, out total numeric
)
language plpgsql stable set search_path = '' as $$
declare
  promotion shop.promotions;
begin
  if coupon <> '' then
    promotion := logic.find_coupon(coupon, customer_id, goods);
    promotion_id := promotion.id;
    coupon_code := promotion.code;
  end if;
  discount := coalesce(
    case promotion.kind
      when 'percentage' then round(goods * promotion.value / 100, 2)
      when 'fixed' then least(promotion.value, goods)
    end, 0
  );
  tax := round((goods - discount) * coalesce((select t.rate from shop.tax_rates t where t.is_default), 0), 2);
  shipping := coalesce((select m.price from shop.shipping_methods m where m.is_default and m.is_active), 0);
  total := goods - discount + tax + shipping;
end;
$$;
comment on function logic.totals is
  'What an order of goods of this price costs in the end. Tax is on the goods less the discount, rounded once. Raises 404 coupon_unknown, 409 coupon_expired, coupon_used_up, coupon_not_applicable.';
