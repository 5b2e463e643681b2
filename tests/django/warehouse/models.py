"""The models of the tests."""

from __future__ import annotations

from django.db import models


class Category(models.Model):
    id = models.IntegerField(primary_key=True)
    markup = models.FloatField()


class Product(models.Model):
    id = models.IntegerField(primary_key=True)
    name = models.CharField(max_length=40)
    price = models.FloatField(null=True)
    category = models.ForeignKey(Category, models.CASCADE, null=True, related_name="+")


class Part(models.Model):
    id = models.IntegerField(primary_key=True)
    weight = models.FloatField()
    product = models.ForeignKey(Product, models.CASCADE, related_name="parts")

    class Meta:
        ordering = ("id",)
